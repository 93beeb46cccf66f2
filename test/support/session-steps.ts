import { randomUUID } from "node:crypto";
import type { SessionStreamEvent } from "@jobwire/shared";
import { vi } from "vitest";
import type { TestClient } from "./test-client.js";

/** The name of a session nobody else uses. */
export function newRequestId(): string {
  return `request-${randomUUID()}`;
}

/** The names of the messages among events, in their order. */
export function messagesIn(events: readonly SessionStreamEvent[]): string[] {
  return events.flatMap((event) => (event.type === "session.message" ? [event.name] : []));
}

/** Which sessions are connected, by request id, as services see it. */
export async function connectedIds(service: TestClient): Promise<string[]> {
  return (await service.sessions.list.query()).map(({ requestId }) => requestId);
}

/** Resolves once the server has taken notice that none of these sessions is connected any more. */
export async function disconnected(service: TestClient, ...requestIds: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const connected = new Set(await connectedIds(service));
      const left = requestIds.filter((requestId) => connected.has(requestId));
      if (left.length > 0) throw new Error(`Still connected: ${left.join(" ")}`);
    },
    { interval: 20, timeout: 20_000 },
  );
}
