import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { callRaw, errorOf, openRawStream, type RawRequest } from "../support/raw-http.js";
import { jobStateKey } from "../support/job-places.js";
import { callPlain } from "../support/plain-calls.js";
import { freePort, startRedis } from "../support/redis-server.js";
import { refusalOf } from "../support/test-client.js";
import { RawSocket } from "../sse/support/raw-socket.js";
import { startTestServer } from "../support/test-server.js";

describe("errors of calls, in tRPC's shape", () => {
  const refused: Record<
    string,
    { path: string; request: RawRequest; status: number; code: string; message: RegExp }
  > = {
    "a body that is too large": {
      path: "jobs.create",
      request: { input: { title: "x".repeat(1_100_000) } },
      status: 413,
      code: "PAYLOAD_TOO_LARGE",
      message: /too large/i,
    },
    "a procedure that does not exist": {
      path: "jobs.forget",
      request: {},
      status: 404,
      code: "NOT_FOUND",
      message: /jobs\.forget/,
    },
    "a body that is broken JSON": {
      path: "jobs.create",
      request: { body: '{"json":{"title":' },
      status: 400,
      code: "BAD_REQUEST",
      message: /./,
    },
    "a mutation sent as a query": {
      path: "jobs.create",
      request: { method: "GET", input: {} },
      status: 405,
      code: "METHOD_NOT_SUPPORTED",
      message: /GET/,
    },
    "a query sent as a mutation": {
      path: "jobs.list",
      request: { input: {} },
      status: 405,
      code: "METHOD_NOT_SUPPORTED",
      message: /POST/,
    },
    "a body of another type": {
      path: "jobs.create",
      request: { body: "title=Shop", headers: { "content-type": "application/x-www-form-urlencoded" } },
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
      message: /./,
    },
  };

  test.each(Object.entries(refused))("%s is refused", async (_, { path, request, status, code, message }) => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    const answer = await callRaw(server.url, path, { ...request, token });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/json");
    const error = errorOf(answer);
    expect(error.data).toMatchObject({ code, httpStatus: status });
    expect(error.message).toMatch(message);
    expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts:\d/);
  });

  test("plain JSON without superjson's envelope is taken for what it says", async () => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    const answer = await callRaw(server.url, "jobs.create", { token, body: '{"title":"Shop"}' });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"title":"Shop"');
  });

  test("a body just below the limit is taken", async () => {
    await using server = await startTestServer();
    const { client } = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await client.jobs.create.mutate({});
    const markdown = "x".repeat(200_000);
    const event = { type: "documentation.updated", section: "s", title: "t", markdown } as const;
    await service.client.jobs.publish.mutate({ jobId, event });
  });
});

test("a call without a body may say that its body is JSON", async () => {
  const code = "the-code-of-this-test";
  await using server = await startTestServer({ TESTING: "on", NODE_ENV: "test", JOBWIRE_DEV_CODE: code });
  const { token, client } = await server.newUser();
  const { id: jobId } = await client.jobs.create.mutate({});
  const statusOf = async (line: string, bearer?: string) => {
    const [method = "", path = ""] = line.split(" ");
    const headers = {
      "content-type": "application/json",
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    };
    return (await fetch(server.url + path, { method, headers })).status;
  };
  expect(await statusOf(`POST /api/jobs/${jobId}/cancel`, token)).toBe(200);
  expect(await statusOf(`POST /api/jobs/${jobId}/rerun`, token)).toBe(201);
  expect(await statusOf(`DELETE /api/jobs/${jobId}`, token)).toBe(200);
  expect(await statusOf("GET /api/jobs", token)).toBe(200);
  expect(await statusOf(`POST /api/testing/tasks?code=${code}`)).toBe(202);
});

describe("what is to be tried again says after how many seconds", () => {
  test("a call that is one too many, of tRPC and plain", async () => {
    await using server = await startTestServer({ JOBS_MAX_OPEN_PER_USER: "1" });
    const { token, client } = await server.newUser();
    await client.jobs.create.mutate({});
    for (const { status, headers } of [
      await callRaw(server.url, "jobs.create", { token, input: {} }),
      await callRaw(server.url, "jobs.create,jobs.create?batch=1", { token, body: '{"0":{},"1":{}}' }),
      await callPlain(server, "POST /api/jobs", { token, body: {} }),
    ])
      expect([status, headers.get("retry-after")]).toEqual([429, "1"]);
  });

  test("a call while the store is away, of tRPC and plain", async () => {
    await using server = await startTestServer({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    const { token } = await server.newUser();
    for (const { status, headers } of [
      await callRaw(server.url, "jobs.list", { token, method: "GET" }),
      await callPlain(server, "GET /api/jobs", { token }),
    ])
      expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

describe("headers", () => {
  test("of more than 16 KiB are a 431, the URL included, and a little less is taken", async () => {
    await using server = await startTestServer();
    const statusOf = async (padding: number) => {
      using socket = await RawSocket.open(Number(new URL(server.url).port));
      socket.write(`GET /healthz?${"x".repeat(padding)} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      const [, status] = await socket.until(/^HTTP\/1\.1 (\d+)/);
      return Number(status);
    };
    expect(await statusOf(17_000)).toBe(431);
    expect(await statusOf(15_000)).toBe(200);
  });
});

describe("what jobs.create takes", () => {
  const wrong: Record<string, { input: unknown; field: string }> = {
    "an empty title": { input: { title: "" }, field: "title" },
    "a title of blanks": { input: { title: "   " }, field: "title" },
    "a title that is too long": { input: { title: "x".repeat(201) }, field: "title" },
    "a title that is a number": { input: { title: 7 }, field: "title" },
    "a pipeline in capitals": { input: { pipeline: "Web" }, field: "pipeline" },
    "a pipeline that is a path": { input: { pipeline: "../web" }, field: "pipeline" },
    "an empty project": { input: { project: "" }, field: "project" },
    "metadata that is a list": { input: { metadata: ["a"] }, field: "metadata" },
    "a metadata value that is a number": { input: { metadata: { build: 7 } }, field: "metadata.build" },
    "a metadata value that is too long": {
      input: { metadata: { build: "x".repeat(1025) } },
      field: "metadata.build",
    },
    "too much metadata": {
      input: { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`key${index}`, "x"])) },
      field: "metadata",
    },
    "a field nobody knows": { input: { titel: "Shop" }, field: "titel" },
    "a status of the caller's choice": { input: { status: "ready" }, field: "status" },
    "another owner": { input: { ownerId: "bob" }, field: "ownerId" },
  };

  test.each(Object.entries(wrong))("%s is refused and named", async (_, { input, field }) => {
    await using server = await startTestServer();
    const { token, client } = await server.newUser();
    const answer = await callRaw(server.url, "jobs.create", { token, input });
    expect(answer.status).toBe(400);
    const { message, data } = errorOf(answer);
    expect(data).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
    expect(message).toContain(field);
    expect((await client.jobs.list.query()).items).toEqual([]);
  });

  test("everything that is wrong is named at once", async () => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    const input = { title: "", pipeline: "NO", metadata: { build: 7 } };
    const { message } = errorOf(await callRaw(server.url, "jobs.create", { token, input }));
    for (const field of ["title", "pipeline", "metadata.build"]) expect(message).toContain(field);
  });

  test("blanks around a title are taken off", async () => {
    await using server = await startTestServer();
    const { client } = await server.newUser();
    expect((await client.jobs.create.mutate({ title: "  Shop " })).title).toBe("Shop");
  });
});

describe("what transitions and subscriptions take", () => {
  test("a status that does not exist is BAD_REQUEST and names the field", async () => {
    await using server = await startTestServer();
    const { token } = await server.newService();
    const answer = await callRaw(server.url, "jobs.transition", {
      token,
      input: { jobId: "any", to: "done" },
    });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toMatch(/to\b/);
  });

  test("a transition of a job that does not exist is NOT_FOUND", async () => {
    await using server = await startTestServer();
    const { client } = await server.newService();
    expect(await refusalOf(client.jobs.transition.mutate({ jobId: "any", to: "failed" }))).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test.each([
    ["an unknown type to filter by", { jobId: "any", types: ["build.started"] }, "types"],
    ["no type at all to filter by", { jobId: "any", types: [] }, "types"],
    ["an unknown kind of replay", { jobId: "any", replay: "some" }, "replay"],
    ["no job", {}, "jobId"],
    ["a job id that is no text", { jobId: 7 }, "jobId"],
  ])("a subscription with %s says which field is wrong", async (_, input, field) => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    await using stream = await openRawStream(server.url, "jobs.events", { token, input });
    const { data = "" } = await stream.until(({ event }) => event === "serialized-error");
    expect(data).toContain("BAD_REQUEST");
    expect(data).toContain(field);
  });
});

describe("defects", () => {
  test("what is wrong with the server's own data is a defect of the server, and no caller is told what", async () => {
    await using redis = await startRedis();
    await using server = await startTestServer({ REDIS_URL: redis.url });
    const { client } = await server.newUser();
    const { id: jobId } = await client.jobs.create.mutate({});
    const operator = new Redis(redis.url);
    try {
      await operator.hset(jobStateKey(jobId), "state", "nonsense");
    } finally {
      operator.disconnect();
    }
    const refusal = await refusalOf(client.jobs.get.query({ jobId }));
    expect(refusal).toMatchObject({ code: "INTERNAL_SERVER_ERROR", reason: null, status: 500 });
    expect(refusal.message).toBe("Something went wrong on the server.");
  });
});
