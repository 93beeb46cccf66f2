import { createHmac } from "node:crypto";
import { readConfig, startServer, type SessionObserver } from "@jobwire/server";
import { expect, test } from "vitest";
import { Inbox } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { startTestServer } from "../support/test-server.js";

/** `POST /api/sse/callback`, as an outside gateway calls it. */

const secret = "the secret of the gateway";

async function start(
  observers: readonly SessionObserver[] = [],
  more: Readonly<Record<string, string>> = {},
) {
  const config = readConfig({ PORT: "0", LOG_LEVEL: "silent", SSE_CALLBACK_SECRET: secret, ...more });
  return startServer(config, { sessionObservers: observers });
}

function watchObservers() {
  const told = new Inbox<string>();
  const observer: SessionObserver = {
    name: "watcher",
    onConnect: async ({ connectionId }) => {
      await new Promise((resolve) => setImmediate(resolve));
      told.push(`connect ${connectionId}`);
    },
    onDisconnect: ({ connectionId }) => told.push(`disconnect ${connectionId}`),
  };
  return { told, observer };
}

const bearer = { authorization: `Bearer ${secret}` };

async function post(
  { url }: { readonly url: string },
  callback: unknown,
  headers: Record<string, string> = bearer,
) {
  const response = await fetch(`${url}/api/sse/callback`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof callback === "string" ? callback : JSON.stringify(callback),
  });
  return { status: response.status, body: await response.json() };
}

function signatureOf(body: string, { key = secret, seconds = Math.floor(Date.now() / 1000) } = {}) {
  const digest = createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex");
  return { "x-jobwire-signature": `t=${seconds},v1=${digest}` };
}

const accepted = (is: boolean) => ({ status: 200, body: { accepted: is } });

test("observers hear of a gateway's connections in order; what is said of an older one, or twice, changes nothing", async () => {
  const { told, observer } = watchObservers();
  await using server = await start([observer]);
  const request_id = newRequestId();
  const connect = (token: string) => post(server, { action: "connect", request_id, token, url: "/events" });
  const disconnect = (token: string) => post(server, { action: "disconnect", request_id, token });
  expect(await connect("a")).toEqual(accepted(true));
  expect(await connect("a")).toEqual(accepted(false));
  expect(await connect("b")).toEqual(accepted(true));
  expect(await disconnect("a")).toEqual(accepted(false));
  expect(await disconnect("b")).toEqual(accepted(true));
  expect(await disconnect("b")).toEqual(accepted(false));
  expect(await connect("b")).toEqual(accepted(false));
  expect(await connect("c")).toEqual(accepted(true));
  expect(await told.first(4)).toEqual(["connect a", "connect b", "disconnect b", "connect c"]);
});

test("a connect and its disconnect may come to different servers", async () => {
  await using redis = await startRedis();
  const [one, two] = [watchObservers(), watchObservers()];
  const env = { REDIS_URL: redis.url };
  await using first = await start([one.observer], env);
  await using second = await start([two.observer], env);
  const callback = { request_id: newRequestId(), token: "t" };
  expect(await post(first, { action: "connect", ...callback })).toEqual(accepted(true));
  expect(await post(second, { action: "connect", ...callback })).toEqual(accepted(false));
  expect(await post(second, { action: "disconnect", ...callback })).toEqual(accepted(true));
  expect(await one.told.first(1)).toEqual(["connect t"]);
  expect(await two.told.first(1)).toEqual(["disconnect t"]);
});

test("a connection that ends at one server while its successor begins at another is no error", async () => {
  await using redis = await startRedis();
  const env = { REDIS_URL: redis.url };
  await using first = await start([], env);
  await using second = await start([], env);
  const request_id = newRequestId();
  await post(first, { action: "connect", request_id, token: "t0" });
  for (let round = 1; round <= 150; round++) {
    const successor = { action: "connect", request_id, token: `t${round}` };
    const answers = await Promise.all([
      post(first, { action: "disconnect", request_id, token: `t${round - 1}` }),
      post(second, successor),
    ]);
    expect(answers[1]).toEqual(accepted(true));
    expect(answers[0].status).toBe(200);
    expect(await post(first, successor)).toEqual(accepted(false));
  }
});

test("a connection of which nothing is heard for HISTORY_TTL_S has ended", async () => {
  const { told, observer } = watchObservers();
  await using server = await start([observer], { HISTORY_TTL_S: "1" });
  await post(server, { action: "connect", request_id: newRequestId(), token: "t" });
  expect(await told.first(2)).toEqual(["connect t", "disconnect t"]);
});

test("a connection that is said again lasts", async () => {
  const { told, observer } = watchObservers();
  await using server = await start([observer], { HISTORY_TTL_S: "2" });
  const [saidAgain, saidOnce] = ["a", "b"].map((token) => {
    const callback = { action: "connect", request_id: newRequestId(), token };
    return () => post(server, callback);
  });
  expect(await saidAgain?.()).toEqual(accepted(true));
  expect(await saidOnce?.()).toEqual(accepted(true));
  while (!told.items.includes("disconnect b")) {
    expect(await saidAgain?.()).toEqual(accepted(false));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(told.items).not.toContain("disconnect a");
});

test("a call is taken by the signature that this server gives its own, while it is fresh", async () => {
  await using server = await start();
  const body = JSON.stringify({ action: "connect", request_id: newRequestId(), token: "t" });
  expect(await post(server, body, signatureOf(body))).toEqual(accepted(true));
  const seconds = Math.floor(Date.now() / 1000);
  const wrong = [
    signatureOf(body, { key: "another secret of a gateway" }),
    signatureOf(`${body} `),
    signatureOf(body, { seconds: seconds - 3600 }),
    signatureOf(body, { seconds: seconds + 3600 }),
    { "x-jobwire-signature": "v1=0" },
    { "x-jobwire-signature": "", ...bearer },
    { authorization: "Bearer another secret of a gateway" },
    { authorization: secret },
    {},
  ];
  for (const headers of wrong)
    expect(await post(server, body, headers), JSON.stringify(headers)).toMatchObject({
      status: 401,
      body: { error: { code: "UNAUTHORIZED", reason: "TOKEN_INVALID" } },
    });
});

test.each<[string, unknown, string]>([
  ["without request_id", { action: "connect", token: "t" }, "request_id"],
  ["with a request_id that is none", { action: "connect", request_id: "a b", token: "t" }, "request_id"],
  ["without a token", { action: "connect", request_id: "r" }, "token"],
  ["with another action", { action: "hello", request_id: "r", token: "t" }, "action"],
  ["that is no JSON", "{", "JSON"],
])("a call %s is 400", async (_what, callback, message) => {
  await using server = await start();
  expect(await post(server, callback)).toMatchObject({
    status: 400,
    body: { error: { code: "BAD_REQUEST", message: expect.stringContaining(message) } },
  });
  // Who does not know the secret is told of nothing else.
  expect(await post(server, callback, {})).toMatchObject({ status: 401 });
});

test("without SSE_CALLBACK_SECRET there is nothing at this path", async () => {
  await using server = await startTestServer();
  expect(await post(server, {})).toMatchObject({ status: 404 });
});

test("a callback's URL needs its secret", () => {
  expect(() => readConfig({ SSE_CALLBACK_URL: "https://backend.example/hooks" })).toThrow(
    /SSE_CALLBACK_SECRET/,
  );
  expect(() => readConfig({ SSE_CALLBACK_URL: "backend", SSE_CALLBACK_SECRET: secret })).toThrow(
    /SSE_CALLBACK_URL/,
  );
});
