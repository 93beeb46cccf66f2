import { once } from "node:events";
import { TRPCClientError } from "@trpc/client";
import { expect, test } from "vitest";
import { keepLease, type LeaseOptions } from "../../client/src/worker/lease-keeper.js";

/** Why the claim was lost, in words. */
async function reasonOf(options: Partial<LeaseOptions>): Promise<string> {
  await using lease = keepLease({
    jobId: "j",
    leaseMs: 60,
    claimedAtMs: performance.now(),
    renew: async () => {},
    onRetry: () => {},
    ...options,
  });
  if (!lease.signal.aborted) await once(lease.signal, "abort");
  const reason: unknown = lease.signal.reason;
  return reason instanceof Error ? reason.message : String(reason);
}

const moment = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

test("a worker that stood still past its lease says when the lease ran out", async () => {
  const agoMs = 100_000;
  const reason = await reasonOf({ claimedAtMs: performance.now() - agoMs, leaseMs: 30_000 });
  const [, at = ""] =
    new RegExp(`the lease ran out at (${moment}); this process did not renew it in time`).exec(reason) ?? [];
  expect(reason).toContain("The claim on job j was lost");
  expect(Math.abs(Date.parse(at) - (Date.now() - agoMs + 30_000))).toBeLessThan(5000);
});

test("a worker whose server was away until the lease ran out says so, and what it met", async () => {
  const renew = () => Promise.reject(new TRPCClientError("fetch failed"));
  expect(await reasonOf({ renew })).toMatch(
    new RegExp(`the lease ran out at ${moment}; the server could not be asked to renew it: fetch failed`),
  );
});

test("a worker whose server does not answer until the lease runs out says so", async () => {
  const renew = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  expect(await reasonOf({ renew })).toMatch(new RegExp(`the lease ran out at ${moment}`));
});

test("a worker that the server refuses says what the server said", async () => {
  const refusal = new TRPCClientError('Worker "w" does not hold job j, which is failed: the lease ran out.', {
    result: { error: { code: -32_009, message: "", data: { code: "CONFLICT", httpStatus: 409 } } },
  });
  const renew = () => Promise.reject(refusal);
  expect(await reasonOf({ renew })).toBe(`The claim on job j was lost: ${refusal.message}`);
});

test("a lease longer than a timer can wait is kept all the same", async () => {
  let renewals = 0;
  await using lease = keepLease({
    jobId: "j",
    leaseMs: 3 * 2 ** 31,
    claimedAtMs: performance.now() - 2 ** 31 - 10,
    renew: async () => {
      renewals += 1;
    },
    onRetry: () => {},
  });
  await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(lease.signal.aborted).toBe(false);
  expect(renewals).toBe(1);
});
