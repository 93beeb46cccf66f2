import { jobStageLabels, jobStatuses, type JobStatus } from "@jobwire/shared";
import { expect, test } from "vitest";
import { watchJob } from "../support/collect.js";
import { decodeFrame, openRawStream } from "../support/raw-http.js";
import { describeOnEachStore } from "../support/test-server.js";

const happyPath = ["starting", "scaffold", "code", "deps", "checks", "ready"] as const;

describeOnEachStore("the life of a job", (store) => {
  test("a created job is queued, and its stream begins with the event that says so", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const job = await alice.client.jobs.create.mutate({ title: "Shop", metadata: { branch: "main" } });
    expect(job).toMatchObject({
      ownerId: alice.sub,
      status: "queued",
      stageLabel: "Queued...",
      message: "Queued...",
      title: "Shop",
      pipeline: null,
      project: null,
      metadata: { branch: "main" },
      attempt: 1,
      workerId: null,
      leaseExpiresAt: null,
    });
    expect(job.createdAt).toBeInstanceOf(Date);
    expect(job.updatedAt).toEqual(job.createdAt);
    expect(await alice.client.jobs.get.query({ jobId: job.id })).toEqual(job);

    using stream = watchJob(alice.client, { jobId: job.id });
    const [first] = await stream.first(1);
    expect(first?.data).toEqual({
      type: "build.stage.started",
      jobId: job.id,
      timestamp: job.createdAt,
      stage: "queued",
      stageLabel: "Queued...",
      status: "queued",
      message: "Queued...",
    });
  });

  test("a job may be created with no input at all", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const job = await alice.client.jobs.create.mutate();
    expect(job).toMatchObject({ title: null, metadata: {} });
  });

  test("a build from queued to ready is told stage by stage, in order, and the stream completes", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchJob(alice.client, { jobId });
    await stream.first(1);
    for (const to of happyPath) {
      const job = await service.client.jobs.transition.mutate({ jobId, to });
      expect(job).toMatchObject({ status: to, stageLabel: jobStageLabels[to], message: jobStageLabels[to] });
    }
    const events = await stream.completed();

    expect(events.map((event) => [event.type, "stage" in event && event.stage])).toEqual([
      ["build.stage.started", "queued"],
      ["build.stage.completed", "queued"],
      ["build.stage.started", "starting"],
      ["build.stage.completed", "starting"],
      ["build.stage.started", "scaffold"],
      ["build.stage.completed", "scaffold"],
      ["build.stage.started", "code"],
      ["build.stage.completed", "code"],
      ["build.stage.started", "deps"],
      ["build.stage.completed", "deps"],
      ["build.stage.started", "checks"],
      ["build.stage.completed", "checks"],
      ["build.stage.started", "ready"],
    ]);
    const [epoch] = stream.ids[0]?.split(":") ?? [];
    expect(stream.ids).toEqual(events.map((_, index) => `${epoch}:${index + 1}`));
    for (const event of events) {
      expect(event.timestamp).toBeInstanceOf(Date);
      expect(event.jobId).toBe(jobId);
      if (event.type === "build.stage.completed") expect(event.durationMs).toBeGreaterThanOrEqual(0);
    }
  });

  test("every status is shown to people by its label", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchJob(alice.client, { jobId, types: ["build.stage.started"] });
    const route = ["scheduled", "queued", ...happyPath.slice(0, -1), "scaffold", "failed"] as const;
    for (const to of route) await service.client.jobs.transition.mutate({ jobId, to });
    const shown = new Map<JobStatus, string>([["ready", "Build complete!"]]);
    for (const event of await stream.completed()) {
      if (event.type === "build.stage.started") shown.set(event.stage, event.stageLabel);
    }
    expect(Object.fromEntries(shown)).toEqual({
      queued: "Queued...",
      starting: "Starting...",
      scaffold: "Scaffolding workspace...",
      code: "Writing code...",
      deps: "Installing dependencies...",
      checks: "Running checks...",
      ready: "Build complete!",
      failed: "Build failed",
      scheduled: "Scheduled",
    });
    expect([...shown.keys()].toSorted()).toEqual([...jobStatuses].toSorted());
  });

  test("message and narration of a transition are in its event, the message stays in the job", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const message = 'No space left on device:\n\t"disk full" \u2028 \u0000 🧱';
    const narration = "The build stopped.\r\ndata: not a frame\n\nid: nor this";
    const job = await service.client.jobs.transition.mutate({ jobId, to: "failed", message, narration });
    expect(job).toMatchObject({ status: "failed", stageLabel: "Build failed", message });
    using stream = watchJob(alice.client, { jobId });
    const events = await stream.completed();
    expect(events.at(-1)).toMatchObject({ stage: "failed", stageLabel: "Build failed", message, narration });
    expect(await alice.client.jobs.get.query({ jobId })).toEqual(job);
  });

  test("a retry after failed checks counts as another attempt", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    for (const to of happyPath.slice(0, -1)) await service.client.jobs.transition.mutate({ jobId, to });
    const retried = await service.client.jobs.transition.mutate({ jobId, to: "scaffold" });
    expect(retried).toMatchObject({ status: "scaffold", attempt: 2 });
  });

  test("a finished job tells its whole log to who asks later, the terminal event last, and completes", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    for (const reader of [alice, service]) {
      using stream = watchJob(reader.client, { jobId });
      const events = await stream.completed();
      expect(events.map((event) => "status" in event && `${event.type} ${event.status}`)).toEqual([
        "build.stage.started queued",
        "build.stage.completed queued",
        "build.stage.started failed",
      ]);
    }
  });

  test("on the wire an event is flat, its timestamp is ISO 8601 and the end is a return frame", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed", message: "cancelled" });
    await using stream = await openRawStream(server.url, "jobs.events", {
      token: alice.token,
      input: { jobId },
    });
    expect(await stream.ended()).toBeUndefined();
    expect(stream.frames.map(({ event }) => event)).toEqual([
      "connected",
      undefined,
      undefined,
      undefined,
      "return",
    ]);
    const last = stream.frames[3];
    expect(last?.id).toMatch(/^[0-9a-z]+:3$/);
    const { json } = JSON.parse(last?.data ?? "") as { json: Record<string, unknown> };
    expect(json).toEqual({
      type: "build.stage.started",
      jobId,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      stage: "failed",
      stageLabel: "Build failed",
      status: "failed",
      message: "cancelled",
      outcome: "failed",
    });
    expect(decodeFrame(last ?? {})).toMatchObject({ timestamp: new Date(String(json.timestamp)) });
  });

  test("a subscription may be read with for await", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const types: string[] = [];
    for await (const { data } of alice.client.jobs.events.subscribe({ jobId })) types.push(data.type);
    expect(types).toEqual(["build.stage.started", "build.stage.completed", "build.stage.started"]);
  });
});
