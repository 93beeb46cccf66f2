import {
  compareSchemas,
  type SchemaDirection,
  type SchemaDocument,
  type SchemaNode,
} from "@jobwire/client/testing";
import { describe, expect, test } from "vitest";
import { checkCompatibility, compareDocuments } from "./check-compatibility.js";
import { createDocuments } from "./documents.js";

test("the contract breaks nobody who uses the last release; else it is for a major version", async () => {
  const changes = await checkCompatibility();
  expect(changes.filter(({ kind }) => kind === "breaking")).toEqual([]);
});

test("a contract compared with itself has not changed", async () => {
  for (const text of Object.values(await createDocuments())) {
    const document = JSON.parse(text) as Partial<SchemaDocument>;
    if (document.$defs === undefined) continue;
    const same = { $defs: document.$defs };
    expect(compareSchemas(same, same, "sent")).toEqual([]);
    expect(compareSchemas(same, same, "received")).toEqual([]);
  }
});

const text: SchemaNode = { type: "string" };
const object = (properties: Record<string, SchemaNode>, required = Object.keys(properties)): SchemaNode => ({
  type: "object",
  properties,
  required,
});
const event = (type: string, properties: Record<string, SchemaNode> = {}) =>
  object({ type: { type: "string", const: type }, ...properties });

/** The kinds of the changes for both directions, and where they are. */
function compare(old: SchemaNode, current: SchemaNode) {
  const kinds = (direction: SchemaDirection) =>
    compareSchemas({ $defs: { It: old } }, { $defs: { It: current } }, direction).map(
      ({ kind, path }) => `${kind} ${path}`,
    );
  return { sent: kinds("sent"), received: kinds("received") };
}

describe("fields", () => {
  test("one that is removed breaks readers and writers, also when it was optional", () => {
    const breaks = { sent: ["breaking It.b"], received: ["breaking It.b"] };
    expect(compare(object({ a: text, b: text }), object({ a: text }))).toEqual(breaks);
    expect(compare(object({ a: text, b: text }, ["a"]), object({ a: text }))).toEqual(breaks);
  });

  test("an optional one that is added breaks nobody", () => {
    expect(compare(object({ a: text }), object({ a: text, b: text }, ["a"]))).toEqual({
      sent: ["additive It.b"],
      received: ["additive It.b"],
    });
  });

  test("a required one that is added breaks who writes without it", () => {
    expect(compare(object({ a: text }), object({ a: text, b: text }))).toEqual({
      sent: ["additive It.b"],
      received: ["breaking It.b"],
    });
  });

  test("one that becomes required breaks writers, one that becomes optional breaks readers", () => {
    const [required, optional] = [object({ a: text }), object({ a: text }, [])];
    expect(compare(optional, required)).toEqual({ sent: ["additive It.a"], received: ["breaking It.a"] });
    expect(compare(required, optional)).toEqual({ sent: ["breaking It.a"], received: ["additive It.a"] });
  });

  test("an input that no longer takes unknown fields breaks writers", () => {
    const closed = { ...object({ a: text }), additionalProperties: false };
    expect(compare(object({ a: text }), closed).received).toEqual(["breaking It{}"]);
    expect(compare(closed, object({ a: text })).received).toEqual(["additive It{}"]);
  });
});

describe("values", () => {
  /** What holds of the second schema when it lets less through than the first, and the other way round. */
  test.each<[string, SchemaNode, SchemaNode]>([
    ["a type is narrowed", { type: "number" }, { type: "integer" }],
    ["a type is given where there was none", {}, text],
    ["null is no longer among the types", { type: ["string", "null"] }, text],
    ["an alternative is dropped", { anyOf: [text, { type: "number" }] }, text],
    ["a value of an enum is dropped", { enum: ["a", "b"] }, { enum: ["a"] }],
    ["an enum replaces free text", text, { type: "string", enum: ["a"] }],
    ["an enum becomes a constant", { enum: ["a", "b"] }, { const: "a" }],
    ["a shorter text is the longest", { type: "string", maxLength: 9 }, { type: "string", maxLength: 8 }],
    ["a text has a longest", text, { type: "string", maxLength: 8 }],
    ["a higher number is the lowest", { type: "number" }, { type: "number", minimum: 1 }],
    ["a text has a pattern", text, { type: "string", pattern: "^a" }],
    ["an item of a list is narrowed", { items: { type: "number" } }, { items: { type: "integer" } }],
    ["a value of a map is narrowed", { additionalProperties: {} }, { additionalProperties: text }],
  ])("when %s writers break; the other way round readers do", (_, wide, narrow) => {
    const isBreaking = (kinds: readonly string[]) => kinds.some((kind) => kind.startsWith("breaking"));
    const narrowed = compare(wide, narrow);
    expect(narrowed.sent.length).toBeGreaterThan(0);
    expect(isBreaking(narrowed.sent)).toBe(false);
    expect(isBreaking(narrowed.received)).toBe(true);
    const widened = compare(narrow, wide);
    expect(widened.received.length).toBeGreaterThan(0);
    expect(isBreaking(widened.sent)).toBe(true);
    expect(isBreaking(widened.received)).toBe(false);
  });

  test("another type or another pattern breaks both", () => {
    const both = { sent: ["breaking It"], received: ["breaking It"] };
    expect(compare(text, { type: "number" })).toEqual(both);
    expect(compare({ type: "string", pattern: "^a" }, { type: "string", pattern: "^b" })).toEqual(both);
  });
});

describe("unions of events", () => {
  const one = { oneOf: [event("a")] };
  const two = { oneOf: [event("a"), event("b")] };

  test("a new type breaks nobody: readers pass over what they do not know", () => {
    expect(compare(one, two)).toEqual({ sent: ["additive It|b"], received: ["additive It|b"] });
  });

  test("a type that is removed breaks readers and writers", () => {
    expect(compare(two, one)).toEqual({ sent: ["breaking It|b"], received: ["breaking It|b"] });
  });

  test("a change inside a type is found under its name", () => {
    const changed = { oneOf: [event("a"), event("b", { more: text })] };
    expect(compare(changed, two).sent).toEqual(["breaking It|b.more"]);
  });

  test("a type that comes in kinds is compared kind by kind", () => {
    const kind = (name: string, properties: Record<string, SchemaNode> = {}) =>
      event("b", { kind: { type: "string", const: name }, ...properties });
    const both = { oneOf: [event("a"), { oneOf: [kind("x"), kind("y", { more: text })] }] };
    const first = { oneOf: [event("a"), { oneOf: [kind("x")] }] };
    const less = { oneOf: [event("a"), { oneOf: [kind("x"), kind("y")] }] };
    expect(compare(both, less).sent).toEqual(["breaking It|b|y.more"]);
    expect(compare(both, first).sent).toEqual(["breaking It|b|y"]);
    expect(compare(first, both).sent).toEqual(["additive It|b|y"]);
  });

  test("a change of a definition is told once, where it is defined", () => {
    const document = (b: SchemaNode): SchemaDocument => ({
      $defs: { a: event("a"), b, It: { oneOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }] } },
    });
    const before = document(event("b", { more: text }));
    expect(compareSchemas(before, document(event("b")), "sent")).toEqual([
      { kind: "breaking", path: "b.more", message: "was removed" },
    ]);
  });
});

test("a definition that is removed breaks, one that is added does not", () => {
  const [without, withIt] = [{ $defs: {} }, { $defs: { It: text } }];
  expect(compareSchemas(withIt, without, "sent")).toMatchObject([{ kind: "breaking", path: "It" }]);
  expect(compareSchemas(without, withIt, "received")).toMatchObject([{ kind: "additive", path: "It" }]);
});

test("a reference to nothing is an error that names it", () => {
  const document = { $defs: { It: { $ref: "#/$defs/Gone" } } };
  const other = { $defs: { It: text } };
  expect(() => compareSchemas(document, other, "sent")).toThrow("#/$defs/Gone is not among the definitions.");
});

describe("the HTTP surface", () => {
  const changesWhen = async (change: (document: string) => string) => {
    const before = (await createDocuments())["openapi.json"] ?? "";
    const changed = change(before);
    expect(changed).not.toBe(before);
    return compareDocuments("openapi.json", before, changed).filter(({ kind }) => kind === "breaking");
  };

  test("that loses an operation breaks its callers", async () => {
    const changes = await changesWhen((document) =>
      document.replace('"/api/jobs/{jobId}/cancel"', '"/api/jobs/{jobId}/stop"'),
    );
    expect(changes.map(({ path }) => path)).toContain("POST /api/jobs/{jobId}/cancel body");
  });

  test("that asks for another parameter, or answers less, breaks its callers", async () => {
    const parameter = await changesWhen((document) =>
      document.replace(
        /("name": "request_id",\s+"in": "query",)\s+"required": true/,
        '"name": "id", "in": "query", "required": true',
      ),
    );
    expect(parameter.map(({ path }) => path)).toContain("GET /api/sse/stream parameters.query request_id");
    const answer = await changesWhen((document) => document.replace('"queuePosition"', '"place"'));
    expect(answer).toMatchObject([{ path: "Job.queuePosition" }]);
  });
});
