import {
  canTransition,
  isTerminalJobStatus,
  jobTransitions,
  readJobEvent,
  trpcCodeOf,
  type AppErrorCode,
  type Job,
  type JobEvent,
  type JobStatus,
  type JobStreamEvent,
  type StreamGap,
  type UnknownEvent,
} from "@jobwire/shared";
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { describe, expectTypeOf, test } from "vitest";

declare function assertNever(value: never): never;

describe("the contract's types", () => {
  test("an event from outside is an event of the contract or one that is passed through as unknown", () => {
    expectTypeOf(readJobEvent).returns.toExtend<JobStreamEvent | UnknownEvent>();
    const read = (line: string) => {
      const event = readJobEvent(JSON.parse(line));
      switch (event.type) {
        case "build.stage.started":
        case "build.stage.completed":
        case "build.progress":
        case "snapshot.updated":
        case "documentation.updated":
          return event.timestamp.toISOString();
        case "stream.gap":
          return event.snapshot.status;
        case "unknown":
          expectTypeOf(event.originalType).toEqualTypeOf<string>();
          expectTypeOf(event.event.anything).toBeUnknown();
          expectTypeOf(event).not.toHaveProperty("timestamp");
          return event.originalType;
        default:
          return assertNever(event);
      }
    };
    expectTypeOf(read).returns.toEqualTypeOf<string>();
  });

  test("who forgets the unknown does not compile", () => {
    const read = (event: JobEvent | UnknownEvent) => {
      if (event.type === "unknown") return;
      expectTypeOf(event).toEqualTypeOf<JobEvent>();
    };
    expectTypeOf(read).returns.toBeVoid();
    // @ts-expect-error an event that may be unknown has no timestamp
    void readJobEvent({}).timestamp;
  });

  test("a gap carries the job as it is", () => {
    type Gap = Extract<JobStreamEvent, { type: "stream.gap" }>;
    expectTypeOf<Gap["snapshot"]>().toEqualTypeOf<Job>();
    expectTypeOf<Gap>().toExtend<StreamGap<Job>>();
    expectTypeOf<Gap["jobId"]>().toEqualTypeOf<string>();
  });

  test("the transition table has a row for every status and only statuses in it", () => {
    expectTypeOf(jobTransitions).toEqualTypeOf<Readonly<Record<JobStatus, readonly JobStatus[]>>>();
    // @ts-expect-error the table is not for changing
    jobTransitions.ready = ["queued"];
    // @ts-expect-error no such status
    canTransition("queued", "done");
    // @ts-expect-error no such status
    isTerminalJobStatus("done");
  });

  test("a status that is terminal is known to be one of two", () => {
    const read = (status: JobStatus) => {
      if (isTerminalJobStatus(status)) expectTypeOf(status).toEqualTypeOf<"ready" | "failed">();
    };
    expectTypeOf(read).returns.toBeVoid();
  });

  test("every reason of a refusal has a code that tRPC knows", () => {
    expectTypeOf(trpcCodeOf).toExtend<Record<AppErrorCode, TRPC_ERROR_CODE_KEY>>();
  });
});
