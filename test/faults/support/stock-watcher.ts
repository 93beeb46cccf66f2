import { createTestClient } from "../../support/test-client.js";
import { deliveryOf, type Delivery, type Ending, type Watcher, type WatcherOptions } from "./watcher.js";

/** The unmodified tRPC client, which resumes by itself. */
export function watchWithStockClient({ name, url, token, topic, jobId, isOutput }: WatcherOptions): Watcher {
  const client = createTestClient({ url, token });
  const deliveries: Delivery[] = [];
  let ending: Ending = "open";
  const callbacks = {
    onData: ({ id, data }: { id: string; data: object }) => deliveries.push(deliveryOf(id, { ...data })),
    onComplete: () => {
      if (ending === "open") ending = "completed";
    },
    onError: (error: { message: string; data?: { code?: string } | null | undefined }) => {
      ending = { error: error.data?.code ?? error.message };
    },
  };
  const subscription =
    jobId === null
      ? client.jobs.feed.subscribe({}, callbacks)
      : isOutput
        ? client.jobs.output.subscribe({ jobId }, callbacks)
        : client.jobs.events.subscribe({ jobId }, callbacks);
  return {
    name,
    kind: jobId === null ? "feed" : isOutput ? "output" : "job",
    topic,
    deliveries,
    get ending() {
      return ending;
    },
    [Symbol.dispose]: () => subscription.unsubscribe(),
  };
}
