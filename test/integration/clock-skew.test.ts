import { afterAll, describe, expect, test } from "vitest";
import { builtProgram } from "../support/build-programs.js";
import { watchJob } from "../support/collect.js";
import { scrape } from "../support/metrics.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

const clockShift = builtProgram("test/support/clock-shift.ts");
const leaseMs = 30_000;

describe.each([40_000, -40_000])("a server whose clock is %i ms ahead", (aheadMs) => {
  test("keeps claims that hold, ends those that ran out, and says how far it is off", async () => {
    await using server = await startProcess(process.execPath, ["--import", clockShift, ...serverProgram], {
      REDIS_URL: redis.url,
      JWT_SECRET: testSecret,
      CLOCK_AHEAD_MS: String(aheadMs),
    });
    const service = createTestClient({
      url: server.url,
      token: await signTestToken({ sub: `service ${aheadMs}`, role: "service" }),
    });
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

    const metrics = await scrape(server.url);
    expect(metrics.value("store_clock_skew_seconds")).toBeCloseTo(aheadMs / 1000, 0);
    const readiness = await fetch(`${server.url}/readyz`);
    expect(await readiness.text()).toContain(`40 s ${aheadMs > 0 ? "ahead of" : "behind"} that of Redis`);
    await server.until((line) => line.includes("set both by NTP"));
  });
});
