import { createJobwireClient } from "@jobwire/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.js";

describe("createJobwireClient", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("a watched job's events come in order, and the loop ends with the job", async () => {
    const { token } = await server.newUser();
    const service = await server.newService();
    await using client = createJobwireClient({ url: server.url, token });
    const { id: jobId } = await client.trpc.jobs.create.mutate({ title: "Shop" });
    const stream = client.jobs.watch(jobId);
    const types: string[] = [];
    for await (const event of stream) {
      if (types.length === 0) await service.client.jobs.transition.mutate({ jobId, to: "failed" });
      types.push(event.type);
    }
    expect(types).toEqual(["build.stage.started", "build.stage.completed", "build.stage.started"]);
    expect(stream.lastEventId).toMatch(/:3$/);
  });

  test("a stream that was left goes on after its last id", async () => {
    const { token } = await server.newUser();
    const service = await server.newService();
    await using client = createJobwireClient({ url: server.url, token });
    const { id: jobId } = await client.trpc.jobs.create.mutate({});
    const first = client.jobs.watch(jobId);
    for await (const event of first) if (event.type === "build.stage.started") break;
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const rest: string[] = [];
    for await (const event of client.jobs.watch(jobId, { lastEventId: first.lastEventId }))
      rest.push(event.type);
    expect(rest).toEqual(["build.stage.completed", "build.stage.started"]);
  });

  test("its connection state is that of its streams, and idle once it is closed", async () => {
    const { token } = await server.newUser();
    const client = createJobwireClient({ url: server.url, token });
    const states: string[] = [];
    client.connection.subscribe(() => states.push(client.connection.getSnapshot().state));
    const { id: jobId } = await client.trpc.jobs.create.mutate({});
    const stream = client.jobs.watch(jobId);
    await stream.next();
    const next = stream.next();
    client.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(states).toEqual(["connecting", "live", "idle"]);
    await expect(client.jobs.watch(jobId).next()).rejects.toThrow("This client is closed.");
  });
});
