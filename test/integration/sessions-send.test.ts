import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchSession } from "../support/collect.js";
import { connectedIds, disconnected, messagesIn, newRequestId } from "../support/session-steps.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";

describeOnEachStore("sending to sessions", (store) => {
  let server: TestServer;
  let service: Caller;
  beforeAll(async () => {
    server = await store.start({ DRAIN_MS: "0" });
    service = await server.newService();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const send = (name: string, requestId?: string) =>
    service.client.sessions.send.mutate({ name, data: null, ...(requestId !== undefined && { requestId }) });

  test("without a requestId reaches all, whoever they are, and with one only that one", async () => {
    const users = await Promise.all([server.newUser(), server.newUser()]);
    const sessions = users.flatMap(({ client }) =>
      [newRequestId(), newRequestId()].map((requestId) => ({
        requestId,
        stream: watchSession(client, { requestId }),
      })),
    );
    await Promise.all(sessions.map(({ stream }) => stream.first(2)));
    const [first] = sessions;
    expect(await send("one", first?.requestId)).toEqual({ delivered: 1 });
    expect(await send("all")).toEqual({ delivered: 4 });
    await Promise.all(sessions.map(({ requestId }) => send("end", requestId)));
    // What is for one and what is for all comes from two logs, between which there is no order.
    await Promise.all(sessions.map(({ stream }, index) => stream.first(index === 0 ? 5 : 4)));
    expect(sessions.map(({ stream }) => messagesIn(stream.events).toSorted())).toEqual([
      ["all", "end", "one"],
      ["all", "end"],
      ["all", "end"],
      ["all", "end"],
    ]);
    for (const { stream } of sessions) stream.unsubscribe();
    await disconnected(service.client, ...sessions.map(({ requestId }) => requestId));
  });

  test("to a session that nobody has opened is no error and delivers to none", async () => {
    expect(await send("lost", newRequestId())).toEqual({ delivered: 0 });
  });

  test("tells services who is connected, since when and where", async () => {
    const user = await server.newUser();
    const requestId = newRequestId();
    const before = new Date();
    using session = watchSession(user.client, { requestId });
    const [opened] = await session.first(1);
    const listed = (await service.client.sessions.list.query()).find((each) => each.requestId === requestId);
    expect(listed).toEqual({
      requestId,
      userId: user.sub,
      connectionId: opened?.data.type === "session.opened" ? opened.data.connectionId : "",
      since: expect.any(Date),
      process: expect.stringContaining(String(process.pid)),
    });
    expect(listed?.since.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(listed?.since.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test("to a session in the instant it leaves loses nothing: it has all of it, once, when it is back", async () => {
    const { client } = await server.newUser();
    const requestId = newRequestId();
    let lastEventId: string | undefined;
    const received: string[] = [];
    const sent: string[] = [];
    for (let round = 0; round < 15; round++) {
      using session = watchSession(client, { requestId, lastEventId });
      await session.first(2);
      const names = [0, 1, 2, 3].map((number) => `r${round}-${number}`);
      const answers = names.map(async (name, index) => {
        const answer = await send(name, requestId);
        if (index === round % 4) session.unsubscribe();
        return answer;
      });
      for (const { delivered } of await Promise.all(answers)) expect([0, 1]).toContain(delivered);
      session.unsubscribe();
      sent.push(...names);
      received.push(...messagesIn(session.events));
      lastEventId = session.ids.at(-1);
    }
    using last = watchSession(client, { requestId, lastEventId });
    await send("end", requestId);
    await last.until((event) => event.type === "session.message" && event.name === "end");
    received.push(...messagesIn(last.events));
    expect(received.toSorted()).toEqual([...sent, "end"].toSorted());
  });

  test.each([
    ["a name that is empty", { name: "", data: 1 }, "name"],
    ["a name of 129 characters", { name: "n".repeat(129), data: 1 }, "name"],
    ["data that is no JSON", { name: "n", data: new Date() }, "data"],
    ["a field that is not known", { name: "n", data: 1, to: "x" }, "to"],
  ])("refuses %s and names the field", async (_what, input, field) => {
    // As a caller without types would.
    const call = service.client.sessions.send.mutate(input as { name: string; data: number });
    expect(await refusalOf(call)).toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringContaining(field),
    });
  });
});

describeOnEachStore("a connection that takes nothing", (store) => {
  test("is dropped and its session disconnected, while the others get everything", async () => {
    await using server = await store.start({
      DRAIN_MS: "0",
      SSE_MAX_BUFFERED_BYTES: "20000",
      SSE_SEND_TIMEOUT_MS: "500",
    });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const dead = newRequestId();
    using _socket = openAndTakeNothing(server, user, dead);
    const alive = newRequestId();
    using session = watchSession(user.client, { requestId: alive });
    await session.first(2);
    await expect.poll(() => connectedIds(service.client), { timeout: 10_000 }).toContain(dead);
    const data = "x".repeat(500_000);
    const names = Array.from({ length: 24 }, (_, number) => `m${number}`);
    for (const name of names) await service.client.sessions.send.mutate({ name, data });
    // The news that the other session is disconnected comes in between.
    await expect.poll(() => messagesIn(session.events), { timeout: 20_000 }).toEqual(names);
    await disconnected(service.client, dead);
    expect(await connectedIds(service.client)).toEqual([alive]);
  });
});

function openAndTakeNothing(server: TestServer, { token }: Caller, requestId: string): Disposable {
  const { port, host } = new URL(server.url);
  const socket = connect({ port: Number(port), host: "127.0.0.1" });
  socket.on("error", () => {});
  socket.pause();
  socket.write(
    `GET /api/sse/stream?request_id=${requestId} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`,
  );
  return { [Symbol.dispose]: () => socket.destroy() };
}
