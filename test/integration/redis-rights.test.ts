import { Redis } from "ioredis";
import { afterAll, beforeEach, expect, test } from "vitest";
import { startRedis } from "../support/redis-server.js";
import { refusalOf } from "../support/test-client.js";
import { startTestServer } from "../support/test-server.js";
import { eventually } from "../contract/store-fixtures.js";

/** A server whose Redis user lacks rights says so, is not ready, and writes no half of anything. */

const redis = await startRedis();
const admin = new Redis(redis.url);
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});
beforeEach(() => admin.flushall());

/** The embedded Valkey cannot be asked for rights. */
const isEmbedded = redis.kind !== "redis-server";

const setUser = (...rules: string[]) =>
  admin.call("ACL", "SETUSER", "limited", "reset", "on", ">a-password", ...rules);
const url = redis.url.replace("://", "://limited:a-password@");

async function readiness(server: { readonly url: string }) {
  const response = await fetch(`${server.url}/readyz`);
  return { status: response.status, text: await response.text() };
}

/** Marks that say whether Redis has lost its data, and what a refused user may have written before. */
async function keysOfUsers(): Promise<string[]> {
  return (await admin.keys("*")).filter((key) => !/generation|:rights/.test(key));
}

test.skipIf(isEmbedded).each([
  ["no channels", ["+@all", "~*"], /PUBLISH.*channel/],
  ["reading only", ["+@read", "+@connection", "~*", "&*"], /xadd/i],
  ["no scripts", ["+@all", "-eval", "-evalsha", "~*", "&*"], /eval/],
  ["no known scripts", ["+@all", "-evalsha", "~*", "&*"], /evalsha/],
  ["keys of another prefix", ["+@all", "~other:*", "&*"], /key/],
  ["channels of another prefix", ["+@all", "~*", "&other:*"], /channel/],
  ["no XADD", ["+@all", "-xadd", "~*", "&*"], /xadd/],
  ["no subscriptions", ["+@all", "-subscribe", "~*", "&*"], /subscribe/],
  ["no PEXPIRE", ["+@all", "-pexpire", "~*", "&*"], /pexpire/],
])("a user with %s: the right is named, nothing is written", async (_, rules, named) => {
  await setUser(...rules);
  await using server = await startTestServer({ REDIS_URL: url });
  const alice = await server.newUser();
  const { status, text } = await readiness(server);
  expect(status).toBe(503);
  expect(text).toMatch(named);
  expect(text).toContain("docs/redis.md");
  expect(text).not.toContain("a-password");
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const refusal = await refusalOf(alice.client.jobs.create.mutate({ metadata: { a: "b" } }));
  expect(refusal).toMatchObject({ code: "SERVICE_UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
  expect(await keysOfUsers()).toEqual([]);
});

test("a user who is given the right while the server runs: it becomes ready and works", async () => {
  await setUser("+@all", "~*");
  await using server = await startTestServer({ REDIS_URL: url });
  const alice = await server.newUser();
  expect((await readiness(server)).status).toBe(503);
  await setUser("+@all", "~*", "&*");
  await eventually(async () => expect((await readiness(server)).status).toBe(200));
  expect(await alice.client.jobs.create.mutate({})).toMatchObject({ status: "queued" });
});

test.skipIf(isEmbedded).each([
  ["PUBLISH", ["-publish"]],
  ["XADD", ["-xadd"]],
  ["the keys", ["resetkeys", "~other:*"]],
  ["channels", ["resetchannels"]],
])("a user who loses %s in the middle leaves no half of a commit", async (_, rules) => {
  await setUser("+@all", "~*", "&*");
  await using server = await startTestServer({ REDIS_URL: url });
  const [alice, service] = await Promise.all([server.newUser(), server.newService()]);
  const { id: jobId } = await alice.client.jobs.create.mutate({});
  const before = await dump();
  await admin.call("ACL", "SETUSER", "limited", ...rules);
  for (let attempt = 0; attempt < 3; attempt++) {
    const refusal = await refusalOf(service.client.jobs.transition.mutate({ jobId, to: "starting" }));
    expect(refusal).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  }
  expect(await dump()).toEqual(before);
});

/** All that users have, as bytes. */
async function dump(): Promise<Record<string, string | undefined>> {
  const keys = (await keysOfUsers()).toSorted();
  const dumps = await Promise.all(keys.map((key) => admin.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, index) => [key, dumps[index]?.toString("hex")]));
}
