import type { PublishableJobEvent } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import { watchJob } from "../support/collect.js";
import { callRaw, errorOf } from "../support/raw-http.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, startTestServer, type TestServer } from "../support/test-server.js";

const published = [
  { type: "build.progress", stage: "code", percent: 0 },
  { type: "build.progress", stage: "code", percent: 41.5, message: "file 5 of 12" },
  { type: "build.progress", stage: "checks", percent: 100 },
  { type: "snapshot.updated", url: "https://pictures.example/1.png" },
  {
    type: "snapshot.updated",
    url: "data:image/png;base64,iVBORw0KGgo=",
    caption: "Cart",
    width: 800,
    height: 600,
  },
  {
    type: "documentation.updated",
    section: "README",
    title: "Shop",
    markdown: "# Shop\n\ndata: no frame\n\n\u2028 ✓",
  },
  { type: "documentation.updated", section: "empty", title: "Nothing yet", markdown: "" },
] as const satisfies readonly PublishableJobEvent[];

async function startJob(server: TestServer) {
  const owner = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  return { owner, service, jobId };
}

describeOnEachStore("publishing", (store) => {
  test("progress, snapshots and documentation arrive as they were published, flat and with a timestamp", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    const before = Date.now();
    const ids: string[] = [];
    for (const event of published) ids.push((await service.client.jobs.publish.mutate({ jobId, event })).id);
    using stream = watchJob(owner.client, { jobId });
    const [, ...received] = await stream.first(1 + published.length);
    expect(received.map(({ id }) => id)).toEqual(ids);
    for (const [index, { data }] of received.entries()) {
      expect(data).toEqual({ ...published[index], jobId, timestamp: expect.any(Date) });
      expect(data.timestamp.getTime()).toBeGreaterThanOrEqual(before);
      expect(data.timestamp.getTime()).toBeLessThanOrEqual(Date.now());
    }
  });

  test("a timestamp that is given is kept, as a Date and as ISO 8601 text", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    const timestamp = new Date("2026-01-31T09:30:00.000Z");
    const event = { type: "build.progress", stage: "code", percent: 1 } as const;
    await service.client.jobs.publish.mutate({ jobId, event: { ...event, jobId, timestamp } });
    const asText = { json: { jobId, event: { ...event, timestamp: "2026-01-31T10:30:00+01:00" } } };
    const answer = await callRaw(server.url, "jobs.publish", {
      token: service.token,
      body: JSON.stringify(asText),
    });
    expect(answer.status).toBe(200);
    using stream = watchJob(owner.client, { jobId });
    const [, first, second] = await stream.first(3);
    expect(first?.data.timestamp).toEqual(timestamp);
    expect(second?.data.timestamp).toEqual(timestamp);
  });

  test("after the end of a job nothing is published any more", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    for (const event of published) {
      const refusal = await refusalOf(service.client.jobs.publish.mutate({ jobId, event }));
      expect(refusal).toMatchObject({ code: "CONFLICT", reason: "JOB_FINISHED", status: 409 });
    }
    using stream = watchJob(owner.client, { jobId });
    const events = await stream.completed();
    expect(events).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ type: "build.stage.started", stage: "failed" });
  });

  test("an event published while the job ends is before the end or refused, never after it", async () => {
    await using server = await store.start();
    for (let round = 0; round < 5; round++) {
      const { owner, service, jobId } = await startJob(server);
      const publish = (percent: number) =>
        service.client.jobs.publish.mutate({
          jobId,
          event: { type: "build.progress", stage: "code", percent },
        });
      const calls = Array.from({ length: 20 }, (_, percent) => publish(percent));
      const end = service.client.jobs.transition.mutate({ jobId, to: "failed" });
      const more = Array.from({ length: 20 }, (_, percent) => publish(50 + percent));
      const settled = await Promise.allSettled([...calls, ...more]);
      await end;
      using stream = watchJob(owner.client, { jobId });
      const events = await stream.completed();
      const accepted = settled.filter(({ status }) => status === "fulfilled");
      expect(events.filter(({ type }) => type === "build.progress")).toHaveLength(accepted.length);
      expect(events.at(-1)).toMatchObject({ stage: "failed" });
    }
  });

  test("a job that does not exist takes no event", async () => {
    await using server = await store.start();
    const { client } = await server.newService();
    const refusal = await refusalOf(
      client.jobs.publish.mutate({ jobId: "no-such-job", event: published[0] }),
    );
    expect(refusal).toMatchObject({ code: "NOT_FOUND", reason: "JOB_NOT_FOUND" });
  });
});

describe("what publishing refuses", () => {
  const progress = { type: "build.progress", stage: "code", percent: 1 };
  const snapshot = { type: "snapshot.updated", url: "https://pictures.example/1.png" };
  const documentation = { type: "documentation.updated", section: "README", title: "Shop", markdown: "#" };

  test.each([
    [
      "a stage that started",
      { type: "build.stage.started", stage: "code", stageLabel: "x", status: "code", message: "x" },
      "event.type",
    ],
    [
      "a stage that completed",
      { type: "build.stage.completed", stage: "code", stageLabel: "x", status: "code", durationMs: 1 },
      "event.type",
    ],
    [
      "a control event",
      { type: "stream.gap", reason: "trimmed", from: "a:1", to: "a:2", snapshot: null },
      "event.type",
    ],
    ["an unknown type", { type: "build.started" }, "event.type"],
    ["no type", { stage: "code", percent: 1 }, "event.type"],
    ["no event", undefined, "event"],
    ["percent above 100", { ...progress, percent: 101 }, "event.percent"],
    ["percent below 0", { ...progress, percent: -1 }, "event.percent"],
    ["percent as text", { ...progress, percent: "50" }, "event.percent"],
    ["percent that is no number", { ...progress, percent: null }, "event.percent"],
    ["a missing stage", { type: "build.progress", percent: 1 }, "event.stage"],
    ["an unknown stage", { ...progress, stage: "testing" }, "event.stage"],
    ["an empty message", { ...progress, message: "" }, "event.message"],
    [
      "fields nested under data",
      { type: "build.progress", data: { stage: "code", percent: 1 } },
      "event.stage",
    ],
    ["a payload beside the fields", { ...progress, payload: { x: 1 } }, "payload"],
    ["data beside the fields", { ...progress, data: { x: 1 } }, "data"],
    ["a picture from a file", { ...snapshot, url: "file:///etc/passwd" }, "event.url"],
    ["a picture that is a script", { ...snapshot, url: "javascript:alert(1)" }, "event.url"],
    ["a picture that is a page", { ...snapshot, url: "data:text/html,<script>" }, "event.url"],
    ["a picture without width", { ...snapshot, width: 0 }, "event.width"],
    ["documentation without a title", { ...documentation, title: "" }, "event.title"],
    ["documentation without markdown", { ...documentation, markdown: undefined }, "event.markdown"],
    ["a timestamp that is none", { ...progress, timestamp: "yesterday" }, "event.timestamp"],
    ["another job's id", { ...progress, jobId: "another" }, "event.jobId"],
  ])("%s is BAD_REQUEST and the message names the field", async (_, event, field) => {
    await using server = await startTestServer();
    const { owner, service, jobId } = await startJob(server);
    const answer = await callRaw(server.url, "jobs.publish", {
      token: service.token,
      input: { jobId, event },
    });
    expect(answer.status).toBe(400);
    const { message, data } = errorOf(answer);
    expect(data).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
    expect(message).toContain(field);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    using stream = watchJob(owner.client, { jobId });
    expect(await stream.completed()).toHaveLength(3);
  });

  test("a stage event is refused with a word on who makes those", async () => {
    await using server = await startTestServer();
    const { service, jobId } = await startJob(server);
    const event = {
      type: "build.stage.started",
      stage: "ready",
      stageLabel: "x",
      status: "ready",
      message: "x",
    };
    const answer = await callRaw(server.url, "jobs.publish", {
      token: service.token,
      input: { jobId, event },
    });
    expect(errorOf(answer).message).toMatch(/event\.type/);
    expect(errorOf(answer).message).toMatch(/jobs\.transition/);
  });
});
