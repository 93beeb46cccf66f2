import { Redis } from "ioredis";
import { afterAll, describe, expect, test } from "vitest";
import { jobStateKey } from "../support/job-places.js";
import { redisKeys } from "../support/redis-keys.js";
import { watchSession, watchSpools } from "../support/collect.js";
import { scrape } from "../support/metrics.js";
import { startRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { startTestServer } from "../support/test-server.js";

/** Values that no encoder passes on unchanged, written by hand as no tRPC client would. */

const redis = await startRedis();
const server = await startTestServer({ REDIS_URL: redis.url });
const [alice, service] = await Promise.all([server.newUser(), server.newService()]);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

async function post(path: string, json: string, token: string) {
  const response = await fetch(`${server.url}/trpc/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: json,
  });
  return { status: response.status, text: await response.text() };
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

const names = ["constructor", "prototype", "__proto__"];
const wrapped = [(json: string) => json, (json: string) => `{"json":${json}}`];

describe.each(names)("a field called %s", (name) => {
  test.each(wrapped)("is refused with its place, wherever people name fields", async (wrap) => {
    const field = `"${name}"`;
    const refused: [path: string, json: string, place: string, token: string][] = [
      ["jobs.create", `{"metadata":{${field}:"x"}}`, `metadata.${name}`, alice.token],
      ["jobs.create", `{${field}:"x"}`, name, alice.token],
      ["sessions.send", `{"name":"n","data":{${field}:1}}`, `data.${name}`, service.token],
      ["sessions.send", `{"name":"n","data":[0,{"a":{${field}:{}}}]}`, `data.1.a.${name}`, service.token],
      [
        "spools.publish",
        `{"type":"TOMAR","tagSpool":"S","additionalData":{${field}:"x"}}`,
        `additionalData.${name}`,
        service.token,
      ],
      [
        "spools.tomar",
        `{"tagSpool":"S","workerNombre":"W","additionalData":{${field}:"x"}}`,
        `additionalData.${name}`,
        alice.token,
      ],
      ["tasks.start", `{"kind":"export-events","input":{${field}:"x"}}`, `input.${name}`, alice.token],
      [
        "jobs.publish",
        `{"jobId":"j","event":{"type":"build.progress","stage":"code","percent":1,${field}:1}}`,
        `event.${name}`,
        service.token,
      ],
    ];
    for (const [path, json, place, token] of refused) {
      const { status, text } = await post(path, wrap(json), token);
      expect({ path, status }).toEqual({ path, status: 400 });
      expect(text).toContain(place);
      expect(text).toContain("cannot be names of fields");
      expect(text).toContain("INPUT_INVALID");
    }
  });
});

test("nothing of what was refused is there, and lists answer", async () => {
  expect((await alice.client.jobs.list.query()).items).toEqual([]);
  expect(await alice.client.spools.list.query()).toEqual([]);
});

test.each([65, 1000, 100_000])(
  "values nested %i levels deep are refused, not a fault of the server",
  async (levels) => {
    const { status, text } = await post(
      "sessions.send",
      `{"name":"n","data":${deep(levels)}}`,
      service.token,
    );
    expect(status).toBe(400);
    expect(text).toContain("levels deep");
  },
);

test.each([
  ["a path that is none", `{"json":{"metadata":{"a":"x"}},"meta":{"values":{"metadata.b.c":["Date"]}}}`],
  ["a reserved path", `{"json":{"metadata":{"a":"x"}},"meta":{"values":{"__proto__.a":["Date"]}}}`],
  ["an unknown type", `{"json":{"metadata":{"a":"x"}},"meta":{"values":{"metadata.a":["nothing"]}}}`],
  ["a class", `{"json":{"metadata":{"a":"x"}},"meta":{"values":{"metadata":[["class","Evil"]]}}}`],
  [
    "an equality of reserved paths",
    `{"json":{"metadata":{"a":"x"}},"meta":{"referentialEqualities":{"metadata":["constructor.prototype"]}}}`,
  ],
  ["no object", `{"json":{"metadata":{"a":"x"}},"meta":7}`],
])("superjson whose meta is %s is refused or changes nothing", async (_, json) => {
  const { status, text } = await post("jobs.create", json, alice.token);
  if (status === 200) expect(text).toContain(`"metadata":{"a":"x"}`);
  else expect({ status, text }).toEqual({ status: 400, text: expect.stringContaining("INPUT_INVALID") });
});

test("names that only look odd are kept: they reach readers as they were written", async () => {
  const metadata = {
    "a.b": "1",
    toString: "2",
    valueOf: "3",
    hasOwnProperty: "4",
    "": "",
    __defineGetter__: "5",
  };
  const { "": _, ...allowed } = metadata;
  const job = await alice.client.jobs.create.mutate({ metadata: allowed });
  expect(job.metadata).toEqual(allowed);
  const requestId = newRequestId();
  using session = watchSession(alice.client, { requestId });
  await session.until(({ type }) => type === "session.opened");
  const data = { ...metadata, nested: [{ "x.y": null }] };
  await service.client.sessions.send.mutate({ requestId, name: "odd", data });
  expect((await session.until(({ type }) => type === "session.message")).data).toMatchObject({ data });
  using board = watchSpools(alice.client);
  await board.connected();
  await service.client.spools.publish.mutate({ type: "PAUSAR", tagSpool: "S", additionalData: allowed });
  expect((await board.first(1))[0]?.data).toMatchObject({ additionalData: allowed });
});

describe("records with such values, or damaged,", () => {
  test("make no list, claim or search for work of others fail, and are counted", async () => {
    const [bob, admin] = [await server.newUser(), new Redis(redis.url)];
    const create = (pipeline?: string) => bob.client.jobs.create.mutate({ ...(pipeline && { pipeline }) });
    const [poisoned, broken, sound] = [await create("p"), await create("p"), await create("p")];
    const state = (await admin.hget(jobStateKey(poisoned.id), "state")) ?? "";
    const poison = `"metadata":{"constructor":"x","__proto__":"y","kept":"z"}`;
    expect(state).toContain(`"metadata":{}`);
    await admin.hset(jobStateKey(poisoned.id), "state", state.replace(`"metadata":{}`, poison));
    await admin.hset(jobStateKey(broken.id), "state", `{"json":{"status":"no status"}}`);
    admin.disconnect();

    const { items } = await bob.client.jobs.list.query();
    expect(items.map(({ id, metadata }) => ({ id, metadata }))).toEqual([
      { id: sound.id, metadata: {} },
      { id: poisoned.id, metadata: { kept: "z" } },
    ]);
    expect((await bob.client.jobs.list.query({ limit: 2 })).items.map(({ id }) => id)).toEqual([sound.id]);
    await expect(bob.client.jobs.get.query({ jobId: broken.id })).rejects.toMatchObject({
      data: { code: "INTERNAL_SERVER_ERROR" },
    });

    const waiting = await service.client.work.waiting.query({ pipelines: ["p"] });
    expect(waiting.items.map(({ jobId }) => jobId)).toEqual([poisoned.id, sound.id]);
    for (const { jobId } of waiting.items) {
      const claimed = await service.client.work.claim.mutate({ jobId, workerId: "w" });
      expect(claimed).toMatchObject({ id: jobId, status: "starting" });
    }
    expect((await scrape(server.url)).value("store_damaged_records_total")).toBe(1);
  });

  test("on the board are left out", async () => {
    const admin = new Redis(redis.url);
    const read = async () => (await alice.client.spools.list.query()).map(({ tagSpool }) => tagSpool);
    for (const tagSpool of ["A", "B"]) await service.client.spools.register.mutate({ tagSpool });
    const state = redisKeys.state({ scope: "topic:spool", key: '["A"]' });
    expect(await admin.hset(state, "state", `{"json":{"tagSpool":"A","completed":"perhaps"}}`)).toBe(0);
    admin.disconnect();
    expect(await read()).not.toContain("A");
    expect(await read()).toContain("B");
  });
});
