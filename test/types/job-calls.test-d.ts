import type { AppRouter } from "@jobwire/server";
import type { Job, JobEvent, JobPage, JobStatus, PublishableJobEvent } from "@jobwire/shared";
import type { createTRPCClient } from "@trpc/client";
import { describe, expectTypeOf, test } from "vitest";

declare const client: ReturnType<typeof createTRPCClient<AppRouter>>;
declare const stageStarted: Extract<JobEvent, { type: "build.stage.started" }>;
declare const stageCompleted: Extract<JobEvent, { type: "build.stage.completed" }>;
const jobId = "1";

describe("calls as the client infers them from the server's router", () => {
  test("a job comes back with dates that are dates", async () => {
    const created = await client.jobs.create.mutate({ title: "Shop", metadata: { branch: "main" } });
    expectTypeOf(created).toEqualTypeOf<Job>();
    expectTypeOf(created.createdAt).toEqualTypeOf<Date>();
    expectTypeOf(created.leaseExpiresAt).toEqualTypeOf<Date | null>();
    expectTypeOf(created.status).toEqualTypeOf<JobStatus>();
    expectTypeOf(await client.jobs.get.query({ jobId })).toEqualTypeOf<Job>();
    expectTypeOf(await client.jobs.list.query()).toEqualTypeOf<JobPage>();
    expectTypeOf(await client.jobs.transition.mutate({ jobId, to: "ready" })).toEqualTypeOf<Job>();
    expectTypeOf(await client.work.claim.mutate({ jobId, workerId: "me" })).toEqualTypeOf<Job>();
    expectTypeOf(await client.work.renew.mutate({ jobId, workerId: "me" })).toEqualTypeOf<{
      leaseExpiresAt: Date;
    }>();
  });

  test("a transition goes to one of the nine statuses", () => {
    expectTypeOf<Parameters<typeof client.jobs.transition.mutate>[0]["to"]>().toEqualTypeOf<JobStatus>();
    // @ts-expect-error no such status
    void client.jobs.transition.mutate({ jobId, to: "done" });
    // @ts-expect-error where to?
    void client.jobs.transition.mutate({ jobId });
    // @ts-expect-error which job?
    void client.jobs.transition.mutate({ to: "ready" });
  });

  test("only progress, snapshots and documentation can be published", () => {
    type Published = NonNullable<Parameters<typeof client.jobs.publish.mutate>[0]["event"]>;
    expectTypeOf<Published["type"]>().toEqualTypeOf<
      "build.progress" | "snapshot.updated" | "documentation.updated"
    >();
    expectTypeOf<PublishableJobEvent>().toExtend<Published>();

    const publish = (event: Published) => client.jobs.publish.mutate({ jobId, event });
    expectTypeOf(publish).returns.resolves.toEqualTypeOf<{ id: string; ids: readonly string[] }>();
    void publish({ type: "build.progress", stage: "code", percent: 50 });
    void publish({
      type: "build.progress",
      stage: "code",
      percent: 50,
      timestamp: new Date(),
      message: "half",
    });
    void publish({ type: "snapshot.updated", url: "https://pictures.example/1.png", width: 800 });
    void publish({ type: "documentation.updated", section: "README", title: "Shop", markdown: "# Shop" });
    // @ts-expect-error a stage event is made by jobs.transition
    void publish(stageStarted);
    // @ts-expect-error a stage event is made by jobs.transition
    void publish(stageCompleted);
    // @ts-expect-error a control event is made by the server
    void publish({ type: "stream.gap", reason: "trimmed", from: "a:1", to: "a:2" });
  });

  test("a wrong event does not compile", () => {
    const publish = (event: Parameters<typeof client.jobs.publish.mutate>[0]["event"]) =>
      client.jobs.publish.mutate({ jobId, event });
    // @ts-expect-error no such type
    void publish({ type: "build.finished" });
    // @ts-expect-error the stage is missing
    void publish({ type: "build.progress", percent: 50 });
    // @ts-expect-error no such stage
    void publish({ type: "build.progress", stage: "testing", percent: 50 });
    // @ts-expect-error percent is a number
    void publish({ type: "build.progress", stage: "code", percent: "50" });
    // @ts-expect-error the envelope is flat
    void publish({ type: "build.progress", data: { stage: "code", percent: 50 } });
    // @ts-expect-error the envelope is flat
    void publish({ type: "build.progress", stage: "code", percent: 50, payload: {} });
    // @ts-expect-error a field of another type
    void publish({ type: "build.progress", stage: "code", percent: 50, caption: "Cart" });
    // @ts-expect-error documentation has a title
    void publish({ type: "documentation.updated", section: "README", markdown: "#" });
  });

  test("wrong input does not compile", () => {
    void client.jobs.create.mutate();
    void client.jobs.create.mutate({});
    // @ts-expect-error a title is text
    void client.jobs.create.mutate({ title: 7 });
    // @ts-expect-error metadata is text by text
    void client.jobs.create.mutate({ metadata: { build: 7 } });
    // @ts-expect-error the owner is who calls
    void client.jobs.create.mutate({ ownerId: "bob" });
    // @ts-expect-error which job?
    void client.jobs.get.query();
    // @ts-expect-error an id is text
    void client.jobs.get.query({ jobId: 7 });
    // @ts-expect-error a limit is a number
    void client.jobs.list.query({ limit: "20" });
    // @ts-expect-error who claims?
    void client.work.claim.mutate({ jobId });
    // @ts-expect-error a claim is no query
    void client.work.claim.query;
    // @ts-expect-error no such procedure
    void client.jobs.forget;
  });

  test("wrong input of a subscription does not compile", () => {
    const ignore = { onData: () => {} };
    client.jobs.events.subscribe(
      { jobId, lastEventId: "a:1", replay: "none", types: ["build.progress"] },
      ignore,
    );
    client.jobs.feed.subscribe({ lastEventId: null }, ignore);
    // @ts-expect-error which job?
    client.jobs.events.subscribe({}, ignore);
    // @ts-expect-error no such replay
    client.jobs.events.subscribe({ jobId, replay: "some" }, ignore);
    // @ts-expect-error no such type
    client.jobs.events.subscribe({ jobId, types: ["build.started"] }, ignore);
    // @ts-expect-error a cursor is text
    client.jobs.events.subscribe({ jobId, lastEventId: 7 }, ignore);
    // @ts-expect-error a feed is not of one job
    client.jobs.feed.subscribe({ jobId }, ignore);
  });
});
