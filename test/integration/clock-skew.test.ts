import { afterAll, describe, expect, test } from "vitest";
import { builtProgram } from "../support/build-programs.js";
import { watchJob } from "../support/collect.js";
import { scrape } from "../support/metrics.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { newRequestId } from "../support/session-steps.js";
import { endOf } from "../support/tasks.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

const clockShift = builtProgram("test/support/clock-shift.ts");
const leaseMs = 30_000;
const gatewaySecret = "the secret of the gateway";

async function gatewaySays(
  url: string,
  request_id: string,
  action: "connect" | "disconnect",
): Promise<unknown> {
  const response = await fetch(`${url}/api/sse/callback`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gatewaySecret}` },
    body: JSON.stringify({ action, request_id, token: "t" }),
  });
  return response.json();
}

describe.each([40_000, -40_000])("a server whose clock is %i ms ahead", (aheadMs) => {
  test("keeps claims and gateways that hold, ends and prunes by the clock of Redis, and says how far it is off", async () => {
    await using server = await startProcess(process.execPath, ["--import", clockShift, ...serverProgram], {
      REDIS_URL: redis.url,
      JWT_SECRET: testSecret,
      CLOCK_AHEAD_MS: String(aheadMs),
      HISTORY_TTL_S: "30",
      SSE_CALLBACK_SECRET: gatewaySecret,
    });
    const service = createTestClient({
      url: server.url,
      token: await signTestToken({ sub: `service ${aheadMs}`, role: "service" }),
    });
    const requestId = newRequestId();
    expect(await gatewaySays(server.url, requestId, "connect")).toEqual({ accepted: true });
    const claim = async (forMs: number) => {
      const { id: jobId } = await service.jobs.create.mutate({ pipeline: "p" });
      return service.work.claim.mutate({ jobId, workerId: "w", leaseMs: forMs });
    };
    const [kept, lost] = [await claim(leaseMs), await claim(1000)];
    const leftMs = (kept.leaseExpiresAt?.getTime() ?? 0) - Date.now();
    expect(leftMs).toBeGreaterThan(leaseMs - 10_000);
    expect(leftMs).toBeLessThan(leaseMs + 1000);

    using stream = watchJob(service, { jobId: lost.id });
    const events = await stream.completed();
    expect(events.at(-1)).toMatchObject({ status: "failed", message: expect.stringContaining("lease") });
    expect(await service.jobs.get.query({ jobId: kept.id })).toMatchObject({ status: "starting" });

    // Long enough for a connection to end of which nothing was heard for HISTORY_TTL_S.
    expect(await gatewaySays(server.url, requestId, "disconnect")).toEqual({ accepted: true });

    const input = { finishedBeforeDays: 0, ownerId: `service ${aheadMs}` };
    const pruning = await service.tasks.start.mutate({ kind: "prune-jobs", input });
    expect(await endOf(service, pruning)).toMatchObject({ status: "completed", result: { jobs: 1 } });

    const metrics = await scrape(server.url);
    expect(metrics.value("store_clock_skew_seconds")).toBeCloseTo(aheadMs / 1000, 0);
    const readiness = await fetch(`${server.url}/readyz`);
    expect(await readiness.text()).toContain(`40 s ${aheadMs > 0 ? "ahead of" : "behind"} that of Redis`);
    await server.until((line) => line.includes("set both by NTP"));
  });
});
