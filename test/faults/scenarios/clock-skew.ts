import { createTestClient } from "../../support/test-client.js";
import type { Fault } from "../fault.js";
import { signToken } from "../support/token.js";
import { until } from "../support/until.js";

const aheadMs = 40_000;
/** Shorter than the clocks differ by, long enough to outlive the fault. */
const keptMs = 30_000;
const lostMs = 1000;

/** Each server looks after the claims that were made through either: by one clock, or one would end what the other keeps. */
export const clockSkew: Fault = {
  name: "clock-skew",
  title: "a server's clock is 40 s ahead, then 40 s behind: claims hold as long as they should",
  async strike({ stage, load, random, isShort }) {
    const side = random.pick(stage.sides);
    const shifts = random.chance(0.5) ? [aheadMs, -aheadMs] : [-aheadMs, aheadMs];
    const token = await signToken("worker", "service");
    const clients = stage.urls.map((url) => createTestClient({ url, token }));
    const claim = async (leaseMs: number) => {
      const { id: jobId } = await random.pick(clients).jobs.create.mutate({ pipeline: "skewed" });
      await random.pick(clients).work.claim.mutate({ jobId, workerId: "w", leaseMs });
      return jobId;
    };
    const statusOf = async (jobId: string) => (await random.pick(clients).jobs.get.query({ jobId })).status;
    for (const shift of isShort ? shifts.slice(0, 1) : shifts) {
      await stage.restartServer(side, { CLOCK_AHEAD_MS: String(shift) });
      await load.untilAllLive();
      const [kept, lost] = [await claim(keptMs), await claim(lostMs)];
      await until(
        async () => (await statusOf(lost)) === "failed",
        () => "the claim that ran out ends",
      );
      if ((await statusOf(kept)) !== "starting") throw new Error("A claim that held was ended.");
    }
    await stage.restartServer(side);
  },
};
