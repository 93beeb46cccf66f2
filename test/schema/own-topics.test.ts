import specs from "@asyncapi/specs";
import { defineTopic, type JsonDocument } from "@jobwire/shared";
import { Ajv, type SchemaObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const key = z.object({ id: z.string() });
const envelope = { id: "a", timestamp: "2026-01-31T09:30:00.000Z" };

interface Tree {
  readonly name: string;
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(tree);
  },
});

/** Fields as people write them: what fits, as plain SSE sends it, and what does not. */
const shapes: Readonly<
  Record<string, { readonly field: z.ZodType; readonly good: unknown[]; readonly bad: unknown[] }>
> = {
  text: { field: z.string().min(2).max(5), good: ["ab"], bad: ["a", "abcdef", 1] },
  number: { field: z.number().int().min(0), good: [0, 7], bad: [-1, 1.5, "1"] },
  choice: { field: z.enum(["x", "y"]), good: ["x"], bad: ["z"] },
  "union of types": { field: z.union([z.string(), z.number()]), good: ["a", 1], bad: [true, null] },
  "union by a field": {
    field: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("a"), one: z.string() }),
      z.object({ kind: z.literal("b"), two: z.number() }),
    ]),
    good: [
      { kind: "a", one: "x" },
      { kind: "b", two: 1 },
    ],
    bad: [{ kind: "a", two: 1 }, { kind: "c" }],
  },
  optional: { field: z.string().optional(), good: ["a", undefined], bad: [null, 1] },
  nullable: { field: z.string().nullable(), good: ["a", null], bad: [undefined, 1] },
  default: { field: z.number().default(3), good: [1], bad: ["1"] },
  record: { field: z.record(z.string(), z.number()), good: [{}, { a: 1 }], bad: [{ a: "1" }, []] },
  "record of names": {
    field: z.partialRecord(z.enum(["a", "b"]), z.number()),
    good: [{ a: 1 }, {}],
    bad: [{ c: 1 }],
  },
  list: { field: z.array(z.string()).max(2), good: [[], ["a"]], bad: [["a", "b", "c"], [1]] },
  tuple: { field: z.tuple([z.string(), z.number()]), good: [["a", 1]], bad: [["a"], [1, "a"]] },
  date: { field: z.date(), good: [envelope.timestamp], bad: ["yesterday", 1] },
  "date made of anything": { field: z.coerce.date(), good: [envelope.timestamp], bad: ["yesterday"] },
  "list of dates": { field: z.array(z.date()), good: [[envelope.timestamp]], bad: [["yesterday"]] },
  "text of a date": { field: z.iso.date(), good: ["2026-01-31"], bad: ["2026-13-31"] },
  email: { field: z.email(), good: ["a@example.org"], bad: ["a"] },
  recursion: {
    field: tree,
    good: [{ name: "a", children: [{ name: "b", children: [] }] }],
    bad: [{ name: "a", children: [{ name: 1, children: [] }] }],
  },
  "any JSON": { field: z.json(), good: [{ a: [1, null] }, "x"], bad: [] },
  anything: { field: z.unknown(), good: [{ a: 1 }], bad: [] },
  "trimmed text": { field: z.string().trim(), good: ["a"], bad: [1] },
  "what a transform makes of it": {
    field: z.string().transform(Number).pipe(z.number()),
    good: [1],
    bad: ["1"],
  },
  "a closed object": { field: z.strictObject({ a: z.number() }), good: [{ a: 1 }], bad: [{ a: 1, b: 2 }] },
};

const described = Object.entries(shapes).map(([name, shape]) => ({
  name,
  ...shape,
  topic: defineTopic("shaped.topic-1", {
    key,
    events: { "thing.said": z.object({ value: shape.field }), ended: z.object({}) },
    ends: ["ended"],
    state: z.object({ last: shape.field }),
    apply: (state, event) => ("value" in event ? { last: event.value } : (state ?? { last: null })),
  }),
}));

const official = new Ajv({ strict: false, logger: false });
formats.default(official);
const isAsyncApi = official.compile({ ...specs.schemasWithoutId["3.0.0"] } as SchemaObject);

/** As JSON, which has no `undefined`. */
const said = (value: unknown): unknown =>
  JSON.parse(JSON.stringify({ type: "thing.said", ...envelope, value }));

const gapWith = (snapshot: unknown) => ({
  type: "stream.gap",
  ...envelope,
  topic: "shaped.topic-1",
  reason: "trimmed",
  from: "a:1",
  to: "a:2",
  snapshotAt: null,
  snapshot,
});

describe.each(described)("an own topic with $name", ({ topic, good, bad }) => {
  test("has a JSON Schema (draft 2020-12) that takes what fits, and nothing else", () => {
    const validate = compile2020(topic.jsonSchema());
    for (const value of good) expect({ value, is: validate(said(value)) }).toEqual({ value, is: true });
    for (const value of bad) expect({ value, is: validate(said(value)) }).toEqual({ value, is: false });
    expect(validate({ type: "ended", ...envelope })).toBe(true);
    expect(validate({ type: "ended", ...envelope, fromANewerVersion: 1 })).toBe(true);
    expect(validate({ type: "ended", ...envelope, timestamp: "soon" })).toBe(false);
    expect(validate({ type: "ended", timestamp: envelope.timestamp })).toBe(false);
    expect(validate({ type: "else", ...envelope })).toBe(false);
    expect(validate(gapWith(null))).toBe(true);
    expect(validate({ ...gapWith(null), reason: "bored" })).toBe(false);
    for (const last of good.filter((value) => value !== undefined))
      expect(validate(gapWith({ last }))).toBe(true);
    for (const last of bad.filter((value) => value !== undefined))
      expect(validate(gapWith({ last }))).toBe(false);
  });

  test("has an AsyncAPI 3 document that is valid, refers to what it holds, and says the same of events", () => {
    const document = topic.asyncApi({ address: "/things/{id}" });
    expectAsyncApi(document);
    const validate = compileMessage(document);
    for (const value of good) expect({ value, is: validate(said(value)) }).toEqual({ value, is: true });
    for (const value of bad) expect({ value, is: validate(said(value)) }).toEqual({ value, is: false });
  });
});

test("an AsyncAPI document says what a stream takes", () => {
  const topic = defineTopic("stateless", {
    key: z.object({ board: z.string().min(1), floor: z.number() }),
    events: { a: z.object({}), b: z.object({}) },
  });
  const document = topic.asyncApi();
  expectAsyncApi(document);
  expect(document).toMatchObject({ channels: { stateless: { address: "/stateless" } } });
  const { bindings } = (document["operations"] as Record<string, { bindings: { http: { query: object } } }>)[
    "stateless"
  ] ?? { bindings: { http: { query: {} } } };
  const validate = new Ajv().compile(bindings.http.query);
  expect(validate({ board: "x", floor: 1 })).toBe(true);
  expect(validate({ board: "x", floor: 1, lastEventId: "a:1", types: ["a"], replay: "none" })).toBe(true);
  for (const wrong of [{ board: "x" }, { board: "", floor: 1 }, { board: "x", floor: 1, types: ["c"] }])
    expect(validate(wrong)).toBe(false);
});

describe("what JSON Schema has no words for is refused with the name of the field", () => {
  const wrong: [string, z.ZodType, string][] = [
    ["a transform", z.string().transform(Number), "transform"],
    ["a map", z.map(z.string(), z.number()), "map"],
    ["a set", z.set(z.string()), "set"],
    ["a big number", z.bigint(), "bigint"],
    ["a class", z.instanceof(URL), "custom"],
  ];

  test.each(wrong)("%s", (_what, field, type) => {
    const topicOf = (value: z.ZodType, state: z.ZodType<{ readonly total: unknown }>) =>
      defineTopic("cart", {
        key,
        events: { fine: z.object({ a: z.date() }), "cart.filled": z.object({ value }) },
        state,
        apply: (before) => before ?? { total: 0 },
      });
    const total = z.object({ total: z.number() });
    const expectRefused = (topic: { jsonSchema(): unknown; asyncApi(): unknown }, named: string) => {
      for (const make of [() => topic.jsonSchema(), () => topic.asyncApi()])
        expect(make).toThrow(new RegExp(`Topic "cart": ${named} has no JSON Schema.*${type}`));
    };
    expectRefused(topicOf(field, total), String.raw`events\["cart.filled"\]\.value`);
    expectRefused(
      topicOf(z.object({ deep: z.array(z.union([z.string(), field])) }), total),
      String.raw`events\["cart.filled"\]\.value\.deep\.\[\]`,
    );
    expectRefused(topicOf(z.string(), z.object({ total: field })), String.raw`state\.total`);
  });
});

function compile2020(document: JsonDocument) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateSchema: true });
  formats.default(ajv);
  return ajv.compile(document);
}

function compileMessage(document: JsonDocument) {
  const ajv = new Ajv({ strict: false });
  formats.default(ajv);
  ajv.addSchema({ ...document, $id: "api" });
  return ajv.compile({ $ref: "api#/channels/shaped.topic-1/messages/event/payload" });
}

function expectAsyncApi(document: JsonDocument): void {
  expect(isAsyncApi(document), JSON.stringify(isAsyncApi.errors)).toBe(true);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, path = ""]) => path,
  );
  expect(references.length).toBeGreaterThanOrEqual(2);
  for (const reference of references) {
    const target = reference
      .replace("#/", "")
      .split("/")
      .reduce<unknown>((part, step) => (part as Record<string, unknown> | undefined)?.[step], document);
    expect(target, reference).toBeTypeOf("object");
  }
}
