import type { WorkOfferInput } from "@jobwire/shared";
import type { JobwireTrpc } from "../create-client.js";
import type { WorkerLogger } from "./logger.js";

const leaseMs = 30_000;
const intervalMs = 10_000;
const timeoutMs = 5000;
/** Many jobs may begin and end in a moment. */
const refreshDelayMs = 1000;

export interface Offer extends AsyncDisposable {
  /** To be called when how many jobs run has changed. */
  refresh(): void;
}

/** Says to the server what this worker offers, again and again; nobody waits for it. Disposing it takes the offer back. */
export function keepOffer(
  client: JobwireTrpc,
  describe: () => Omit<WorkOfferInput, "leaseMs">,
  logger: WorkerLogger,
): Offer {
  let isFailing = false;
  let saying = Promise.resolve();
  const say = () => {
    saying = saying.then(async () => {
      try {
        await client.work.offer.mutate(
          { ...describe(), leaseMs },
          { signal: AbortSignal.timeout(timeoutMs) },
        );
        isFailing = false;
      } catch (error) {
        if (!isFailing) logger.warn({ err: error }, "cannot say what this worker offers, trying again");
        isFailing = true;
      }
    });
  };
  const timer = setInterval(say, intervalMs);
  let refreshing: NodeJS.Timeout | undefined;
  say();
  return {
    refresh() {
      refreshing ??= setTimeout(() => {
        refreshing = undefined;
        say();
      }, refreshDelayMs);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      clearTimeout(refreshing);
      await saying;
      const { workerId } = describe();
      await client.work.leave
        .mutate({ workerId }, { signal: AbortSignal.timeout(timeoutMs) })
        // Its lease runs out.
        .catch((error: unknown) => logger.warn({ err: error }, "cannot take the offer back"));
    },
  };
}
