import { readdir, readFile } from "node:fs/promises";
import specs from "@asyncapi/specs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { jobStatuses } from "@jobwire/shared";
import { Ajv, type SchemaObject } from "ajv";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { createParser } from "eventsource-parser";
import { describe, expect, test } from "vitest";
import { inputs, streams } from "./contract.js";
import { nameOf } from "./definitions.js";
import { createDocuments, schemaFolder } from "./documents.js";

const documents = await createDocuments();

function parse(name: string): Record<string, unknown> {
  return JSON.parse(documents[name] ?? "") as Record<string, unknown>;
}

describe("the documents in docs/schema", () => {
  test("are those of the sources; else: npm run schema", async () => {
    const names = (await readdir(schemaFolder)).filter((name) => name.endsWith(".json"));
    expect(names.toSorted()).toEqual(Object.keys(documents).toSorted());
    for (const [name, text] of Object.entries(documents)) {
      const checkedIn = await readFile(new URL(name, schemaFolder), "utf8");
      expect(checkedIn === text, `${name} is stale: npm run schema`).toBe(true);
    }
  });

  test("asyncapi.json is valid by the official schema of AsyncAPI 3", () => {
    const ajv = new Ajv({ strict: false, logger: false });
    formats.default(ajv);
    const validate = ajv.compile({ ...specs.schemasWithoutId["3.0.0"] } as SchemaObject);
    expect(validate(parse("asyncapi.json")), ajv.errorsText(validate.errors)).toBe(true);
    expect(validate({ ...parse("asyncapi.json"), channels: 1 })).toBe(false);
  });

  test("asyncapi.json refers only to what it holds", () => {
    const text = documents["asyncapi.json"] ?? "";
    const api: unknown = JSON.parse(text);
    const references = [...text.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path = ""]) => path);
    expect(references.length).toBeGreaterThan(50);
    for (const path of references) {
      const target = path
        .split("/")
        .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], api);
      expect(target, path).toBeTypeOf("object");
    }
  });
});

describe("the schema of events", () => {
  const validate = (definition: string) => compile("events.schema.json", definition);
  const started = {
    type: "build.stage.started",
    jobId: "1",
    timestamp: "2026-01-31T09:30:00.000Z",
    stage: "queued",
    stageLabel: "Queued...",
    status: "queued",
    message: "Queued...",
  };

  test("takes an event as the wire has it, its timestamp as ISO 8601 text", () => {
    const isValid = validate("JobStreamEvent");
    expect(isValid(started)).toBe(true);
    expect(isValid({ ...started, timestamp: 1_769_851_800_000 })).toBe(false);
    expect(isValid({ ...started, timestamp: "yesterday" })).toBe(false);
  });

  test("takes fields that this version does not know, and no status that there is none of", () => {
    const isValid = validate("JobStreamEvent");
    expect(isValid({ ...started, mood: "good" })).toBe(true);
    for (const stage of jobStatuses) expect(isValid({ ...started, stage })).toBe(true);
    expect(isValid({ ...started, stage: "done" })).toBe(false);
    expect(isValid({ ...started, jobId: undefined })).toBe(false);
  });

  test("gives each stream a gap with the snapshot of its own", () => {
    const gap = {
      type: "stream.gap",
      timestamp: "2026-01-31T09:30:00.000Z",
      reason: "trimmed",
      from: "a:1",
      to: "a:2",
      snapshot: null,
    };
    expect(validate("WorkStreamEvent")(gap)).toBe(true);
    expect(validate("JobStreamEvent")({ ...gap, jobId: "1" })).toBe(false);
    expect(validate("JobFeedEvent")({ ...gap, snapshot: [] })).toBe(true);
    expect(validate("SpoolStreamEvent")({ ...gap, snapshot: [] })).toBe(true);
    const session = { version: { version: "1", changelog: null, pending: false }, tasks: [] };
    expect(validate("SessionStreamEvent")({ ...gap, snapshot: session })).toBe(true);
  });

  test("holds every stream, every type and the states", () => {
    const definitions = Object.keys(parse("events.schema.json")["$defs"] as object);
    const names = streams.flatMap(({ definition, event, gap }) => [
      definition,
      ...event.options.map((option) => nameOf(option, gap)),
    ]);
    expect(definitions.toSorted()).toEqual(
      [...new Set([...names, "Job", "Spool", "Task", "Json"])].toSorted(),
    );
    expect(definitions).toEqual(
      expect.arrayContaining(["build.progress", "TOMAR", "task.failed", "WorkGap"]),
    );
  });
});

describe("every recorded event of", () => {
  test.each([
    ["job", "JobStreamEvent"],
    ["gap", "JobStreamEvent"],
    ["feed", "JobFeedEvent"],
    ["spools", "SpoolStreamEvent"],
    ["session", "SessionStreamEvent"],
    ["work", "WorkStreamEvent"],
  ])("%s is a %s, and is none without its timestamp", async (name, definition) => {
    const files = (await readdir(fixtureFolder)).filter((file) => file.startsWith(`${name}.`));
    const events = (await Promise.all(files.map(readFixture))).flat();
    expect(events.length).toBeGreaterThan(0);
    const validate = compile("events.schema.json", definition);
    for (const event of events) expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    for (const event of events) expect(validate({ ...event, timestamp: undefined })).toBe(false);
  });
});

describe("the schema of inputs", () => {
  const validate = (procedure: string) => compile("inputs.schema.json", procedure);

  test("has each procedure of the contract", () => {
    const names = Object.entries(inputs).flatMap(([room, procedures]) =>
      Object.keys(procedures).map((name) => `${room}.${name}`),
    );
    const definitions = Object.keys(parse("inputs.schema.json")["$defs"] as object);
    expect(definitions.toSorted()).toEqual([...names, "Json"].toSorted());
  });

  test("does not ask for what has a default, and refuses what the server refuses", () => {
    const isValid = validate("work.claim");
    expect(isValid({ jobId: "1", workerId: "w" })).toBe(true);
    expect(isValid({ jobId: "1", workerId: "w", leaseMs: 1 })).toBe(false);
    expect(isValid({ jobId: "1", workerId: "w", lease: 1 })).toBe(false);
    expect(isValid({ workerId: "w" })).toBe(false);
  });

  test("lets a message carry any JSON", () => {
    const isValid = validate("sessions.send");
    for (const data of [null, 1, "text", [{ deep: [true] }]]) expect(isValid({ name: "n", data })).toBe(true);
    expect(isValid({ name: "n" })).toBe(false);
  });
});

const fixtureFolder = new URL("../../client/fixtures/wire/", import.meta.url);

/** The events of a recorded stream; of tRPC's form what is in superjson's envelope. */
async function readFixture(name: string): Promise<object[]> {
  const events: object[] = [];
  const parser = createParser({
    onEvent({ event, data }) {
      if (event !== undefined) return;
      const value = JSON.parse(data) as object;
      events.push("json" in value ? (value.json as object) : value);
    },
  });
  parser.feed(await readFile(new URL(name, fixtureFolder), "utf8"));
  return events;
}

function compile(name: string, definition: string): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
  formats.default(ajv);
  ajv.addSchema(parse(name), name);
  const validate = ajv.getSchema(`${name}#/$defs/${definition}`);
  if (!validate) throw new Error(`There is no ${definition} in ${name}.`);
  return validate;
}

describe("openapi.json", () => {
  const operations = () => {
    const { paths } = parse("openapi.json") as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    return Object.values(paths).flatMap((methods) => Object.values(methods));
  };

  test("is valid by the official schema of OpenAPI 3.1, and a broken one is not", async () => {
    const isValid = async (document: Record<string, unknown>) =>
      (await new Validator().validate(document)).valid;
    const { errors } = await new Validator().validate(parse("openapi.json"));
    expect(errors).toBeUndefined();
    expect(await isValid({ ...parse("openapi.json"), paths: 1 })).toBe(false);
  });

  test("names each operation once, and has every procedure", () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const procedures = Object.entries(inputs).flatMap(([room, its]) =>
      Object.keys(its).map((name) => `${room}.${name}`),
    );
    const others = ["jobs.output.text", "tasks.export", "workers.list", "pipelines.list", "sessions.list"];
    expect(ids.toSorted()).toEqual([...procedures, ...others].toSorted());
  });

  test("refers only to what it holds, and each schema in it is one", () => {
    const text = documents["openapi.json"] ?? "";
    const { schemas } = parse("openapi.json")["components"] as { schemas: Record<string, object> };
    const names = [...text.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name = ""]) => name,
    );
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(schemas).toHaveProperty([name]);
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    ajv.addSchema(parse("openapi.json"), "openapi.json");
    for (const name of Object.keys(schemas))
      expect(ajv.getSchema(`openapi.json#/components/schemas/${name}`), name).toBeTypeOf("function");
  });
});
