import { readConfig } from "@jobwire/server";
import { describe, expect, test } from "vitest";
import { callTesting, endOf, simulateTask } from "../support/tasks.js";
import { describeOnEachStore, startTestServer } from "../support/test-server.js";

const paths = ["deployments/version", "tasks"];

describe("a server that is not in testing mode", () => {
  test.each(paths)("answers /api/testing/%s as a path that does not exist, token or not", async (path) => {
    await using server = await startTestServer();
    const { token } = await server.newService();
    const unknown = await callTesting(server.url, "nothing", { token, body: {} });
    expect(unknown.status).toBe(404);
    for (const request of [
      { token, body: { version: "2.0.0" } },
      { body: {} },
      { token },
      { method: "GET", token },
    ]) {
      expect(await callTesting(server.url, path, request)).toEqual(unknown);
    }
  });

  test("cannot be made to be in production", () => {
    const production = { NODE_ENV: "production", JWT_SECRET: "x".repeat(32) };
    expect(() => readConfig({ ...production, TESTING: "on" })).toThrow(/TESTING/);
    expect(readConfig({ ...production, TESTING: "off" }).isTesting).toBe(false);
  });
});

describeOnEachStore("the testing endpoints", (store) => {
  test.each(paths)("/api/testing/%s needs no token from who knows the code", async (path) => {
    const code = "the code of this test";
    await using server = await store.start({ TESTING: "on", JOBWIRE_DEV_CODE: code });
    const { status } = await callTesting(server.url, path, {
      code,
      body: path === "tasks" ? {} : { version: "2.0.0" },
    });
    expect(status).toBe(path === "tasks" ? 202 : 200);
  });

  test.each(paths)(
    "/api/testing/%s is for services when called without the code or with a token",
    async (path) => {
      await using server = await store.start({ TESTING: "on" });
      const user = await server.newUser();
      const body = { version: "2.0.0" };
      expect(await callTesting(server.url, path, { body })).toMatchObject({
        status: 401,
        body: { error: { code: "UNAUTHORIZED" } },
      });
      expect(await callTesting(server.url, path, { token: "nonsense", body })).toMatchObject({ status: 401 });
      const refused = await callTesting(server.url, path, { token: user.token, body });
      expect(refused).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN" } } });
      expect((await user.client.tasks.list.query()).items).toEqual([]);
    },
  );

  test.each([
    ["deployments/version", {}, "version"],
    ["deployments/version", undefined, "object"],
    ["deployments/version", { version: "" }, "version"],
    ["deployments/version", { version: " " }, "version"],
    ["deployments/version", { version: "2.0.0", requestId: "no spaces" }, "requestId"],
    ["deployments/version", { version: "2.0.0", changelog: "c".repeat(20_001) }, "changelog"],
    ["tasks", { kind: "mine-bitcoin", input: {} }, "export-events, prune-jobs"],
    ["tasks", { kind: "prune-jobs", input: { finishedBeforeDays: 1 } }, "ownerId"],
    ["tasks", { steps: 0 }, "steps"],
    ["tasks", { durationMs: -1 }, "durationMs"],
    ["tasks", { fail: "" }, "fail"],
    ["tasks", { speed: 2 }, "speed"],
    ["tasks", [], "object"],
    ["tasks", "{", "JSON"],
  ])("%s refuses %j and names what is wrong", async (path, body, complaint) => {
    await using server = await store.start({ TESTING: "on" });
    const { token } = await server.newService();
    const answer = await callTesting(server.url, path, { token, body });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(complaint);
  });

  test("a task without a body is a short one of the service", async () => {
    await using server = await store.start({ TESTING: "on" });
    const service = await server.newService();
    const answer = await callTesting(server.url, "tasks", { token: service.token });
    expect(answer).toMatchObject({ status: 202, body: { ownerId: service.sub, status: "running" } });
    const [task] = (await service.client.tasks.list.query()).items;
    expect(await endOf(service.client, { id: task?.id ?? "" })).toMatchObject({
      status: "completed",
      text: "Step 4 of 4",
    });
  });

  test("a task of a kind is the real thing", async () => {
    await using server = await store.start({ TESTING: "on" });
    const service = await server.newService();
    const alice = await server.newUser();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const body = { kind: "prune-jobs", input: { finishedBeforeDays: 0, ownerId: alice.sub } };
    const { status } = await callTesting(server.url, "tasks", { token: service.token, body });
    expect(status).toBe(202);
    const [task] = (await service.client.tasks.list.query()).items;
    expect(await endOf(service.client, { id: task?.id ?? "" })).toMatchObject({ result: { jobs: 1 } });
    expect((await alice.client.jobs.list.query()).items).toEqual([]);
  });

  test("a task may be a user's", async () => {
    await using server = await store.start({ TESTING: "on" });
    const service = await server.newService();
    const alice = await server.newUser();
    const task = await simulateTask(server, service.token, { ownerId: alice.sub, durationMs: 0, steps: 1 });
    expect(await endOf(alice.client, task)).toMatchObject({ ownerId: alice.sub, status: "completed" });
    expect((await service.client.tasks.list.query()).items).toEqual([]);
  });
});
