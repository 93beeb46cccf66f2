import { expect, test, vi } from "vitest";
import { callRaw, openRawStream } from "../support/raw-http.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";
import { fetchText } from "../sse/support/wire-stream.js";

interface Ids {
  readonly jobId: string;
  readonly taskId: string;
}

type Ask = (server: TestServer, caller: Caller, ids: Ids) => Promise<string>;

/** Everything a user may ask about an id. */
const asks: Record<string, Ask> = {
  "jobs.get": (server, { token }, { jobId }) =>
    answerOf(server, "jobs.get", { method: "GET", token, input: { jobId } }),
  "jobs.events": async (server, { token }, { jobId }) => {
    await using stream = await openRawStream(server.url, "jobs.events", { token, input: { jobId } });
    await stream.ended();
    return JSON.stringify([stream.status, stream.frames]);
  },
  "plain SSE of a job": (server, caller, { jobId }) =>
    textOf(server, caller, `/api/jobs/${jobId}/events/stream`),
  "tasks.start with a job": (server, { token }, { jobId }) =>
    answerOf(server, "tasks.start", { token, input: { kind: "export-events", input: { jobId } } }),
  "tasks.get": (server, { token }, { taskId }) =>
    answerOf(server, "tasks.get", { method: "GET", token, input: { taskId } }),
  "tasks.cancel": (server, { token }, { taskId }) =>
    answerOf(server, "tasks.cancel", { token, input: { taskId } }),
  "the download of a task": (server, caller, { taskId }) =>
    textOf(server, caller, `/api/tasks/${taskId}/export`),
};

describeOnEachStore("an id of somebody else", (store) => {
  test.each(Object.entries(asks))("and one that never was get the same answer from %s", async (_, ask) => {
    await using server = await store.start();
    const [owner, stranger, service] = [
      await server.newUser(),
      await server.newUser(),
      await server.newService(),
    ];
    const { id: jobId } = await owner.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const { id: taskId } = await owner.client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
    await vi.waitFor(async () =>
      expect((await owner.client.tasks.get.query({ taskId })).status).toBe("completed"),
    );

    const foreign = await ask(server, stranger, { jobId, taskId });
    const absent = { jobId: anotherLike(jobId), taskId: anotherLike(taskId) };
    const unknown = await ask(server, stranger, absent);
    expect(unknown.replaceAll(absent.jobId, jobId).replaceAll(absent.taskId, taskId)).toBe(foreign);
    expect(foreign).toContain("NOT_FOUND");
    expect(await ask(server, owner, { jobId, taskId })).not.toContain("NOT_FOUND");
  });
});

/** An id of the same form that nothing has. */
function anotherLike(id: string): string {
  return id.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
}

async function answerOf(server: TestServer, ...request: Tail<Parameters<typeof callRaw>>): Promise<string> {
  const { status, text } = await callRaw(server.url, ...request);
  return `${status} ${text}`;
}

async function textOf(server: TestServer, { token }: Caller, path: string): Promise<string> {
  const { status, text } = await fetchText(server.url + path, {
    headers: { authorization: `Bearer ${token}` },
  });
  return `${status} ${text}`;
}

type Tail<List extends readonly unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;
