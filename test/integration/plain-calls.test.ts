import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { openStream } from "../sse/support/wire-stream.js";
import { asked, callPlain, type PlainCall } from "../support/plain-calls.js";
import { describeOnEachStore, startTestServer, type TestServer } from "../support/test-server.js";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
}

async function documentOf({ url }: TestServer) {
  const document: unknown = await (await fetch(`${url}/api/openapi.json`)).json();
  const { paths } = document as { paths: Record<string, Record<string, Operation>> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  return { document: document as AnySchema, operations };
}

describeOnEachStore("a service with plain HTTP", (store) => {
  test("does all that tRPC has, and each answer is as the document says", async () => {
    await using server = await store.start();
    const { token: user } = await server.newUser();
    const { token: service } = await server.newService();
    const { document, operations } = await documentOf(server);
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    ajv.addSchema(document, "api");
    const unused = new Set(operations.flatMap((one) => (one.responses[204] ? [] : [one.operationId])));

    /** Checks the answer against the document. */
    const act = async (
      operationId: string,
      path: Record<string, string>,
      token: string,
      rest: PlainCall = {},
      query = "",
    ) => {
      const operation = operations.find((one) => one.operationId === operationId);
      if (!operation) throw new Error(`There is no ${operationId}.`);
      const target = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(path[name] ?? ""),
      );
      const answer = await callPlain(server, `${operation.method.toUpperCase()} ${target}${query}`, {
        token,
        ...rest,
      });
      const pointer = `${operation.path.replaceAll("/", "~1")}/${operation.method}/responses/${answer.status}/content/application~1json/schema`;
      const validate = ajv.getSchema(`api#/paths/${encodeURI(pointer)}`);
      expect(validate, `${operationId} answered ${JSON.stringify(answer)}`).toBeTypeOf("function");
      expect(
        validate?.(answer.body),
        `${operationId} ${JSON.stringify([answer.body, validate?.errors])}`,
      ).toBe(true);
      unused.delete(operationId);
      return answer.body as Record<string, never> & { id: string; items: { id: string }[] };
    };

    const { id: jobId } = await act("jobs.create", {}, user, { body: { title: "Shop", pipeline: "build" } });
    await act("work.offer", { workerId: "w" }, service, { body: { host: "h", pipelines: ["build"] } });
    expect(await act("workers.list", {}, service)).toMatchObject([{ workerId: "w" }]);
    expect(await act("pipelines.list", {}, user)).toMatchObject([{ name: "build" }]);
    const waiting = await act("work.waiting", {}, service, {}, "?pipelines=build,deploy&limit=100");
    expect(waiting.items).toContainEqual({ jobId, pipeline: "build" });
    await act("work.claim", { jobId }, service, { body: { workerId: "w" } });
    await act("work.renew", { jobId }, service, { body: { workerId: "w", leaseMs: 60_000 } });
    await act("jobs.transition", { jobId }, service, { body: { to: "scaffold", workerId: "w" } });
    const progress = (percent: number) => ({ type: "build.progress", stage: "scaffold", percent });
    expect(
      await act("jobs.publish", { jobId }, service, { body: { events: [progress(1), progress(2)] } }),
    ).toMatchObject({ ids: [expect.any(String), expect.any(String)] });
    const piece = { stage: "scaffold", attempt: 1, stream: "stdout", text: "copied\n" };
    await act("work.write", { jobId }, service, { body: { pieces: [piece] } });
    await act("work.leave", { workerId: "w" }, service);
    expect(await act("jobs.cancel", { jobId }, user)).toMatchObject({ outcome: "cancelled" });
    const { id: again } = await act("jobs.rerun", { jobId }, user);
    const list = await act("jobs.list", {}, user, {}, "?limit=1&status=queued,code&pipeline=build");
    expect(list.items.map(({ id }) => id)).toEqual([again]);
    expect(await act("jobs.counts", {}, user, {}, "?pipeline=build")).toMatchObject({ failed: 1, queued: 1 });
    expect(await act("jobs.list", {}, service, {}, "?all=true&limit=100")).toHaveProperty("items");
    expect(await act("jobs.get", { jobId: again }, user)).toMatchObject({ rerunOf: jobId });

    const task = await act("tasks.start", {}, user, { body: { kind: "export-events", input: { jobId } } });
    await act("tasks.get", { taskId: task.id }, user);
    await act("tasks.list", {}, user, {}, "?limit=5");
    await expect
      .poll(() => act("tasks.get", { taskId: task.id }, user))
      .toMatchObject({ status: "completed" });
    for (const [id, path] of [
      ["tasks.export", `/api/tasks/${task.id}/export`],
      ["jobs.output.text", `/api/jobs/${jobId}/output.txt`],
    ] as const) {
      const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${user}` } });
      const described = operations.find((one) => one.operationId === id)?.responses[200]?.content ?? {};
      expect(response.status).toBe(200);
      expect(Object.keys(described)).toContain(response.headers.get("content-type")?.split(";")[0]);
      unused.delete(id);
    }
    expect(await act("jobs.remove", { jobId }, user)).toEqual({ removed: true });

    const tagSpool = "MK/1 ñ";
    await act("spools.register", {}, service, { body: { tagSpool } });
    const worker = { body: { workerNombre: "Ana" } };
    expect(await act("spools.tomar", { tagSpool }, user, worker)).toMatchObject({
      tagSpool,
      workerNombre: "Ana",
    });
    await act("spools.completar", { tagSpool }, user, worker);
    await act("spools.pausar", { tagSpool }, user, worker);
    await act("spools.changeState", { tagSpool }, user, { body: { estadoDetalle: "wet" } });
    const published = { body: { type: "STATE_CHANGE", estadoDetalle: "dry" } };
    expect(await act("spools.publish", { tagSpool }, service, published)).toEqual({ published: true });
    expect(await act("spools.list", {}, user, {}, "?available=true")).toMatchObject([
      { estadoDetalle: "dry" },
    ]);

    using session = await openStream(`${server.url}/api/sse/stream?request_id=r-1`, asked(user));
    await session.until(({ data }) => data?.includes("session.opened") === true);
    expect(await act("sessions.send", {}, service, { body: { name: "hi", data: [1] } })).toEqual({
      delivered: 1,
    });
    await session.until(({ data }) => data?.includes('"name":"hi"') === true);
    expect(await act("sessions.list", {}, service)).toMatchObject([{ requestId: "r-1" }]);
    expect(await act("versions.announce", {}, service, { body: { version: "2" } })).toEqual({ delivered: 1 });
    const { id: slow } = await act("tasks.start", {}, user, {
      body: { kind: "prune-jobs", input: { finishedBeforeDays: 1 } },
    });
    const ended = await callPlain(server, `POST /api/tasks/${slow}/cancel`, { token: user });
    expect([200, 409]).toContain(ended.status);
    unused.delete("tasks.cancel");
    expect([...unused]).toEqual([]);
  });

  test("may say a thing again: with one key it is written once, wherever the key stands", async () => {
    await using server = await store.start();
    const { token } = await server.newService();
    const { body } = await callPlain(server, "POST /api/jobs", { token, body: {} });
    const { id: jobId } = body as { id: string };
    const events = [{ type: "build.progress", stage: "queued", percent: 1 }];
    const inHeader = { token, body: { events }, headers: { "idempotency-key": "k" } };
    const first = await callPlain(server, `POST /api/jobs/${jobId}/events`, inHeader);
    const second = await callPlain(server, `POST /api/jobs/${jobId}/events`, inHeader);
    const third = await callPlain(server, `POST /api/jobs/${jobId}/events`, {
      token,
      body: { events, idempotencyKey: "k" },
    });
    expect(second.body).toEqual(first.body);
    expect(third.body).toEqual(first.body);
    const other = await callPlain(server, `POST /api/jobs/${jobId}/events`, { token, body: { events } });
    expect(other.body).not.toEqual(first.body);
  });

  test("creates one job and takes one step, however often it says so; another key is another one", async () => {
    await using server = await store.start({ JOBS_MAX_OPEN_PER_USER: "2" });
    const { token } = await server.newService();
    const create = (key: string) =>
      callPlain(server, "POST /api/jobs", {
        token,
        body: { title: "Shop" },
        headers: { "idempotency-key": key },
      });
    const [first, ...same] = await Promise.all([create("a"), create("a"), create("a")]);
    for (const { status, body } of same)
      expect({ status, body }).toMatchObject({ status: 201, body: first.body });
    const other = await create("b");
    expect(other.body).not.toMatchObject({ id: (first.body as { id: string }).id });
    // A user who has as many as may be is still told of those that there are.
    expect(await create("c")).toMatchObject({ status: 429, body: { error: { reason: "JOBS_BUSY" } } });
    expect((await create("b")).body).toEqual(other.body);
    const list = await callPlain(server, "GET /api/jobs", { token });
    expect((list.body as { items: unknown[] }).items).toHaveLength(2);

    const { id: jobId } = first.body as { id: string };
    const step = (to: string, key: string) =>
      callPlain(server, `POST /api/jobs/${jobId}/transition`, { token, body: { to, idempotencyKey: key } });
    expect(await step("starting", "1")).toMatchObject({ status: 200, body: { status: "starting" } });
    expect(await step("starting", "1")).toMatchObject({ status: 200, body: { status: "starting" } });
    expect(await step("starting", "2")).toMatchObject({
      status: 409,
      body: { error: { reason: "TRANSITION_INVALID" } },
    });
    expect(await step("scaffold", "3")).toMatchObject({ status: 200, body: { status: "scaffold" } });
    expect((await step("scaffold", "3")).body).toMatchObject({ attempt: 1, status: "scaffold" });
  });

  test("follows the feed of its jobs and the work that waits", async () => {
    await using server = await store.start();
    const { token } = await server.newService();
    using feed = await openStream(`${server.url}/api/jobs/stream?types=build.stage.started`, asked(token));
    using all = await openStream(`${server.url}/api/jobs/stream?all=true`, asked(token));
    using wrong = await openStream(`${server.url}/api/jobs/stream?all=yes&ownerId=a`, asked(token));
    expect(wrong.status).toBe(400);
    using work = await openStream(`${server.url}/api/work/stream?pipeline=build`, asked(token));
    const { body } = await callPlain(server, "POST /api/jobs", { token, body: { pipeline: "build" } });
    const { id: jobId } = body as { id: string };
    await feed.until(({ data }) => data?.includes(jobId) === true);
    await all.until(({ data }) => data?.includes(jobId) === true);
    await work.until(({ data }) => data?.includes(jobId) === true);
  });
});

describe("plain calls that are refused say why", () => {
  test("without a token, every operation of the document", async () => {
    await using server = await startTestServer();
    const { operations } = await documentOf(server);
    expect(operations.length).toBeGreaterThan(35);
    for (const { path, method } of operations) {
      const target = path.replaceAll(/\{\w+\}/g, "x");
      const { status, body } = await callPlain(server, `${method.toUpperCase()} ${target}`);
      expect(body, `${method} ${path}`).toMatchObject({
        error: { code: "UNAUTHORIZED", reason: "TOKEN_MISSING" },
      });
      expect(status).toBe(401);
    }
  });

  const refused: Readonly<Record<string, readonly [string, PlainCall, number, object]>> = {
    "a field that there is none of": [
      "POST /api/jobs",
      { body: { name: "Shop" } },
      400,
      { code: "BAD_REQUEST", reason: "INPUT_INVALID", message: expect.stringContaining("name") },
    ],
    "a number that is none": [
      "GET /api/jobs?limit=many",
      {},
      400,
      { reason: "INPUT_INVALID", message: expect.stringContaining("limit") },
    ],
    "a list with a status that there is none of": [
      "GET /api/jobs?status=queued,done",
      {},
      400,
      { reason: "INPUT_INVALID", message: expect.stringContaining("status[1]") },
    ],
    "a field in the body that is in the path": [
      "POST /api/jobs/1/cancel",
      { body: { jobId: "2" } },
      400,
      { reason: "INPUT_INVALID", message: "jobId is in the path; leave it out here." },
    ],
    "a body that is no object": ["POST /api/jobs", { body: [] }, 400, { reason: "INPUT_INVALID" }],
    "a body that is null": ["POST /api/jobs", { body: "null" }, 400, { reason: "INPUT_INVALID" }],
    "a URL that is malformed": ["GET /api/jobs/%zz", {}, 400, { code: "BAD_REQUEST" }],
    "a body that is broken": ["POST /api/jobs", { body: '{"title":' }, 400, { code: "BAD_REQUEST" }],
    "a field that could not be passed on": [
      "POST /api/jobs",
      { body: '{"metadata":{"__proto__":"x"}}' },
      400,
      { code: "BAD_REQUEST" },
    ],
    "a body of another type": [
      "POST /api/jobs",
      { body: "title=Shop", headers: { "content-type": "text/plain" } },
      415,
      { code: "UNSUPPORTED_MEDIA_TYPE" },
    ],
    "a body that is too large": [
      "POST /api/jobs",
      { body: { title: "x".repeat(1_100_000) } },
      413,
      { code: "PAYLOAD_TOO_LARGE" },
    ],
    "a user's call that is for services": [
      "POST /api/jobs/1/transition",
      { body: { to: "starting" } },
      403,
      { code: "FORBIDDEN", reason: "ROLE_REQUIRED" },
    ],
    "a job that is not there": ["GET /api/jobs/1", {}, 404, { code: "NOT_FOUND", reason: "JOB_NOT_FOUND" }],
    "a path that is not there": ["GET /api/job", {}, 404, { code: "NOT_FOUND" }],
    "a call of another site's page": [
      "POST /api/jobs",
      { token: undefined, body: {}, headers: { origin: "https://elsewhere.example", cookie: "a=b" } },
      403,
      { code: "FORBIDDEN", reason: "ORIGIN_REFUSED" },
    ],
  };

  test.each(Object.entries(refused))("%s", async (_, [line, request, status, error]) => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    const answer = await callPlain(server, line, { token, ...request });
    expect(answer).toMatchObject({ status, body: { error } });
    expect(JSON.stringify(answer.body)).not.toContain(token);
  });

  test("one call more than a user has in a minute, with the time to wait", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "2" });
    const { token } = await server.newUser();
    const list = () => callPlain(server, "GET /api/jobs", { token });
    expect([await list(), await list()]).toMatchObject([{ status: 200 }, { status: 200 }]);
    const answer = await list();
    expect(answer).toMatchObject({ status: 429, body: { error: { code: "TOO_MANY_REQUESTS" } } });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
