import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { patience } from "./shutdown.js";
import type { TestClient } from "./test-client.js";

interface Accepted {
  readonly jobId: string;
  readonly id: string;
}

/** Publishes to all jobs in turn, and tries each event again until it has an answer. */
export function startPublisher(client: TestClient, jobIds: readonly string[]) {
  const accepted = new Map<string, Accepted>();
  let isStopped = false;
  const run = async () => {
    for (let count = 0; !isStopped; count++) {
      const jobId = jobIds[count % jobIds.length] ?? "";
      const mark = randomUUID();
      const event = { type: "build.progress", stage: "code", percent: count % 101, message: mark } as const;
      const { id } = await untilAnswered(() =>
        client.jobs.publish.mutate({ jobId, event, idempotencyKey: mark }),
      );
      accepted.set(mark, { jobId, id });
    }
  };
  const running = run();
  return {
    accepted,
    stop() {
      isStopped = true;
      return running;
    },
  };
}

function untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  return vi.waitFor(call, patience);
}

/** Where the event with this id is in its log. */
export function offsetOf(id: string): number {
  return Number(id.split(":")[1]);
}
