import { useSession } from "@jobwire/client/react";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSession, emptySession } from "../../client/src/live/session-state.js";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { createCountingClient } from "./support/counting-client.js";
import { watchErrorLog } from "./support/error-log.js";
import { renderWithClient, waitFor } from "./support/render.js";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function newSession(requestId: string) {
  const { token, client } = await server.newUser();
  const { client: service } = await server.newService();
  const watching = createCountingClient({ url: server.url, token });
  return { client, service, watching, requestId, token };
}

test("a session hears of versions and messages that are meant for it", async () => {
  const { service, watching, requestId } = await newSession("hears");
  const { result } = renderWithClient(watching.client, useSession, requestId);
  await waitFor(() => expect(result.current.version).toMatchObject({ pending: false }));

  await service.versions.announce.mutate({ requestId, version: "9.9.9", changelog: "Better" });
  await service.sessions.send.mutate({ requestId, name: "hello", data: { to: ["you"] } });
  await service.sessions.send.mutate({ requestId: "another", name: "hello", data: "not you" });
  await waitFor(() =>
    expect(result.current).toMatchObject({
      version: { version: "9.9.9", changelog: "Better", pending: true },
      messages: [{ name: "hello", data: { to: ["you"] } }],
    }),
  );
});

test("background tasks are there from before and go on to their result", async () => {
  const { client, service, watching, requestId } = await newSession("tasks");
  const { id: jobId } = await client.jobs.create.mutate({});
  await service.jobs.transition.mutate({ jobId, to: "failed" });
  const before = await client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
  const { result } = renderWithClient(watching.client, useSession, requestId);
  const task = (id: string) => result.current.tasks?.find((item) => item.id === id);
  await waitFor(() => expect(task(before.id)?.status).toBe("completed"));

  const after = await client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
  await waitFor(() =>
    expect(task(after.id)).toMatchObject({ status: "completed", progress: 1, result: { events: 3 } }),
  );
  expect(result.current.tasks?.map(({ id }) => id)).toEqual([after.id, before.id]);
});

test("of the tasks of a session that stays the newest 500 are kept, and all that run", () => {
  const { reduce } = createSession({ subscribe: () => ({ unsubscribe() {} }), load: async () => [] });
  const eventOf = (
    taskId: string,
    data: { type: "task.started" } | { type: "task.failed"; error: string },
  ) => ({
    kind: "event" as const,
    event: { id: taskId, data: { taskId, kind: "export-events" as const, timestamp: new Date(), ...data } },
  });
  const ended = Array.from({ length: 600 }, (_, index) => `ended ${index}`);
  const { tasks } = reduce(emptySession, [
    eventOf("runs", { type: "task.started" }),
    ...ended.flatMap((id) => [
      eventOf(id, { type: "task.started" }),
      eventOf(id, { type: "task.failed", error: "no disk" }),
    ]),
  ]);
  expect(tasks?.map(({ id }) => id)).toEqual([...ended.toReversed().slice(0, 500), "runs"]);
});

test("a newer connection takes the session over, and the older one does not fight for it", async () => {
  using errors = watchErrorLog();
  const { watching, requestId, token } = await newSession("fight");
  const older = renderWithClient(watching.client, useSession, requestId);
  await waitFor(() => expect(older.result.current.connection.state).toBe("live"));

  const second = createCountingClient({ url: server.url, token });
  const newer = renderWithClient(second.client, useSession, requestId);
  await waitFor(() => expect(newer.result.current.connection.state).toBe("live"));
  await waitFor(() =>
    expect(older.result.current).toMatchObject({ isReplaced: true, connection: { state: "ended" } }),
  );
  expect(watching.opened).toHaveLength(1);
  expect(newer.result.current.isReplaced).toBe(false);
  expect(errors.messages).toEqual([]);
});
