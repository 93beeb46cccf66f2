import type { JobView } from "@jobwire/client";
import {
  useJob,
  useJobFeed,
  useSuspenseJob,
  useSuspenseJobFeed,
  type JobFeedResult,
  type JobResult,
  type JobwireProvider,
  type StreamError,
  type Tracked,
  type useJobwireTrpc,
  type useSession,
  type useSpools,
} from "@jobwire/client/react";
import type { Job, JobStreamEvent, Spool } from "@jobwire/shared";
import type { ComponentProps } from "react";
import { expectTypeOf, test } from "vitest";

test("hooks know what they watch, without a type argument", () => {
  expectTypeOf<Parameters<typeof useJob>[0]>().toEqualTypeOf<string>();
  expectTypeOf<ReturnType<typeof useJob>["job"]>().toEqualTypeOf<JobView | null>();
  expectTypeOf<ReturnType<typeof useJob>["events"]>().toEqualTypeOf<readonly Tracked<JobStreamEvent>[]>();
  expectTypeOf<ReturnType<typeof useJobFeed>["jobs"]>().toEqualTypeOf<readonly JobView[] | null>();
  expectTypeOf<ReturnType<typeof useSpools>["spools"]>().toEqualTypeOf<readonly Spool[] | null>();
  expectTypeOf<ReturnType<typeof useSession>["isReplaced"]>().toEqualTypeOf<boolean>();
});

test("an error is reachable only where there is one", () => {
  type Connection = ReturnType<typeof useJob>["connection"];
  expectTypeOf<Extract<Connection, { state: "failed" }>>().toHaveProperty("error");
  expectTypeOf<Extract<Connection, { state: "live" }>>().not.toHaveProperty("error");
});

test("calls are those of the server", () => {
  expectTypeOf<
    ReturnType<typeof useJobwireTrpc>["jobs"]["get"]["query"]
  >().returns.resolves.toEqualTypeOf<Job>();
});

test("the status of a result says what there is", () => {
  const shown = (result: JobResult): string => {
    switch (result.status) {
      case "idle":
      case "connecting":
        expectTypeOf(result.job).toEqualTypeOf<JobView | null>();
        expectTypeOf(result.error).toEqualTypeOf<null>();
        return "…";
      case "live":
      case "reconnecting":
      case "ended":
        expectTypeOf(result.job).toEqualTypeOf<JobView>();
        return result.job.message;
      case "failed":
        expectTypeOf(result.error).toEqualTypeOf<StreamError>();
        return result.error.message;
      default:
        return result satisfies never;
    }
  };
  expectTypeOf(shown).returns.toEqualTypeOf<string>();
  const misses = (result: JobResult): unknown => {
    if (result.status !== "failed") return result.job;
    // @ts-expect-error the failed one is missing
    return result satisfies never;
  };
  expectTypeOf(misses).toBeFunction();
  const taken = ({ status, jobs }: ReturnType<typeof useJobFeed>) =>
    // It narrows what was taken apart, too.
    status === "live" ? expectTypeOf(jobs).toEqualTypeOf<readonly JobView[]>() : undefined;
  expectTypeOf(taken).toBeFunction();
  // @ts-expect-error a job that is not known has no message
  const unknown = ({ job }: JobResult) => job.message;
  expectTypeOf(unknown).toBeFunction();
});

test("with an initial job, and where it suspends, there always is one", () => {
  const read = (job: Job) => [useJob("a", { initialJob: job }).job, useSuspenseJob("a").job];
  expectTypeOf(read).returns.toEqualTypeOf<JobView[]>();
  const feed = () => useSuspenseJobFeed().jobs;
  expectTypeOf(feed).returns.toEqualTypeOf<readonly JobView[]>();
  const promised = (job: Promise<Job>) => useSuspenseJob("a", { initialJob: job }).job;
  expectTypeOf(promised).returns.toEqualTypeOf<JobView>();
  // @ts-expect-error only what suspends waits for a promise
  const waits = (job: Promise<Job>) => useJob("a", { initialJob: job });
  expectTypeOf(waits).toBeFunction();
});

test("a selection is what a hook gives then", () => {
  const percent = () => useJob("a", { skip: true, select: ({ job }) => job?.progress?.percent ?? null });
  expectTypeOf(percent).returns.toEqualTypeOf<number | null>();
  const title = () => useSuspenseJob("a", { select: ({ job }) => job.job?.title });
  expectTypeOf(title).returns.toEqualTypeOf<string | null | undefined>();
  const count = () => useJobFeed({ select: ({ jobs }) => jobs?.length });
  expectTypeOf(count).returns.toEqualTypeOf<number | undefined>();
  // @ts-expect-error it is given a job, not the feed
  const wrong = () => useJob("a", { select: ({ jobs }: JobFeedResult) => jobs?.length });
  expectTypeOf(wrong).toBeFunction();
});

test("a provider takes a client or an address", () => {
  type Props = ComponentProps<typeof JobwireProvider>;
  expectTypeOf<{ url: string; shareAs: string }>().toExtend<Props>();
  expectTypeOf<object>().toExtend<Props>();
  expectTypeOf<{ client: string }>().not.toExtend<Props>();
});
