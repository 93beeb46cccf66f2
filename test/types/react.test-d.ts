import type { JobView } from "@jobwire/client";
import type {
  useJob,
  useJobFeed,
  useJobwireTrpc,
  useSession,
  useSpools,
  Tracked,
} from "@jobwire/client/react";
import type { Job, JobStreamEvent, Spool } from "@jobwire/shared";
import { expectTypeOf, test } from "vitest";

test("hooks know what they watch, without a type argument", () => {
  expectTypeOf<typeof useJob>().parameters.toEqualTypeOf<[jobId: string]>();
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
