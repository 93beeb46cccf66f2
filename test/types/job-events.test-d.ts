import type { AppRouter } from "@jobwire/server";
import type {
  Job,
  JobEvent,
  JobStatus,
  JobStreamEvent,
  StreamGap,
  StreamRemoved,
  WorkWaiting,
} from "@jobwire/shared";
import type { createTRPCClient } from "@trpc/client";
import { describe, expectTypeOf, test } from "vitest";

declare const client: ReturnType<typeof createTRPCClient<AppRouter>>;
declare function assertNever(value: never): never;

describe("events as the client infers them from the server's router", () => {
  test("a job's stream yields ids and events of the contract, nothing wider", () => {
    client.jobs.events.subscribe(
      { jobId: "1" },
      {
        onData(item) {
          expectTypeOf(item).toEqualTypeOf<{ id: string; data: JobStreamEvent }>();
          expectTypeOf(item.data.timestamp).toEqualTypeOf<Date>();
          expectTypeOf(item.data.jobId).toEqualTypeOf<string>();
          expectTypeOf(item.data.type).toEqualTypeOf<JobEvent["type"] | "stream.gap">();
          expectTypeOf(item.data).not.toHaveProperty("data");
          expectTypeOf(item.data).not.toHaveProperty("payload");
          // @ts-expect-error not every event has a percent: look at `type` first
          expectTypeOf(item.data.percent);
        },
      },
    );
  });

  test("for await gives the same", async () => {
    for await (const item of client.jobs.events.subscribe({ jobId: "1" })) {
      expectTypeOf(item).toEqualTypeOf<{ id: string; data: JobStreamEvent }>();
    }
  });

  test("type tells the events apart", () => {
    const read = (event: JobStreamEvent) => {
      switch (event.type) {
        case "build.stage.started":
          expectTypeOf(event.stage).toEqualTypeOf<JobStatus>();
          expectTypeOf(event.status).toEqualTypeOf<JobStatus>();
          expectTypeOf(event.message).toEqualTypeOf<string>();
          expectTypeOf(event.narration).toEqualTypeOf<string | undefined>();
          expectTypeOf(event).not.toHaveProperty("durationMs");
          return event.stageLabel;
        case "build.stage.completed":
          expectTypeOf(event.durationMs).toEqualTypeOf<number>();
          expectTypeOf(event).not.toHaveProperty("message");
          return event.stageLabel;
        case "build.progress":
          expectTypeOf(event.percent).toEqualTypeOf<number>();
          return event.stage;
        case "snapshot.updated":
          expectTypeOf(event.width).toEqualTypeOf<number | undefined>();
          return event.url;
        case "documentation.updated":
          return event.markdown;
        case "stream.gap":
          expectTypeOf(event.snapshot).toEqualTypeOf<Job>();
          expectTypeOf(event.reason).toEqualTypeOf<"trimmed" | "log-lost">();
          return event.from + event.to;
        default:
          return assertNever(event);
      }
    };
    expectTypeOf(read).returns.toEqualTypeOf<string>();
  });

  test("a switch that forgets a type does not compile", () => {
    const forgetsTheGap = (event: JobStreamEvent) => {
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- that is the point
      switch (event.type) {
        case "build.stage.started":
        case "build.stage.completed":
        case "build.progress":
        case "snapshot.updated":
        case "documentation.updated":
          return event.timestamp;
        default:
          // @ts-expect-error stream.gap is left over
          return assertNever(event);
      }
    };
    const forgetsProgress = (event: JobEvent) => {
      // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- that is the point
      switch (event.type) {
        case "build.stage.started":
        case "build.stage.completed":
        case "snapshot.updated":
        case "documentation.updated":
          return event.timestamp;
        default:
          expectTypeOf(event.type).toEqualTypeOf<"build.progress">();
          // @ts-expect-error build.progress is left over
          return assertNever(event);
      }
    };
    expectTypeOf(forgetsTheGap).returns.toEqualTypeOf<Date>();
    expectTypeOf(forgetsProgress).returns.toEqualTypeOf<Date>();
  });

  test("a type that does not exist cannot be asked about", () => {
    const isStarted = (event: JobStreamEvent) =>
      // @ts-expect-error no event has this type
      event.type === "build.started";
    expectTypeOf(isStarted).returns.toEqualTypeOf<boolean>();
  });

  test("the feed yields the same events, and after a gap all jobs", () => {
    client.jobs.feed.subscribe(undefined, {
      onData({ id, data }) {
        expectTypeOf(id).toEqualTypeOf<string>();
        expectTypeOf(data).toEqualTypeOf<
          JobEvent | StreamGap<readonly Job[]> | (StreamRemoved & { readonly jobId: string })
        >();
        if (data.type === "stream.gap") expectTypeOf(data.snapshot).toEqualTypeOf<readonly Job[]>();
        else expectTypeOf(data.jobId).toEqualTypeOf<string>();
      },
    });
  });

  test("workers hear of waiting jobs", () => {
    client.work.watch.subscribe(
      { pipeline: "web" },
      {
        onData({ data }) {
          expectTypeOf(data).toExtend<WorkWaiting | (StreamGap<null> & { readonly pipeline: string })>();
        },
      },
    );
  });

  test("an error has a code and a reason of closed sets", () => {
    client.jobs.events.subscribe(
      { jobId: "1" },
      {
        onError({ data }) {
          if (!data) return;
          expectTypeOf(data.code).not.toBeAny();
          expectTypeOf<"JOB_NOT_FOUND">().toExtend<typeof data.reason>();
          expectTypeOf<null>().toExtend<typeof data.reason>();
          expectTypeOf<"SOME_OTHER_REASON">().not.toExtend<typeof data.reason>();
        },
      },
    );
  });
});
