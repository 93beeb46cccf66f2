import superjson from "superjson";
import type { z } from "zod";
import type { LogEntry } from "../store/store.js";

/**
 * Makes what another definition has written into something that readers of this one can take: an event that does not fit
 * becomes `{ type: "unknown", originalType, event }`, a state that does not fit is none. Both are counted.
 */
export class ReadableEntries {
  #unreadableEvents = 0;
  #unreadableStates = 0;

  constructor(
    private readonly eventSchema: z.ZodType,
    private readonly onUnreadable: (what: string, error: unknown) => void,
  ) {}

  get statistics() {
    return { unreadableEvents: this.#unreadableEvents, unreadableStates: this.#unreadableStates };
  }

  readonly readable = (entry: LogEntry): LogEntry => {
    if (entry.type.startsWith("stream.")) return entry;
    let event: unknown;
    try {
      event = superjson.parse(entry.body);
      const result = this.eventSchema.safeParse(event);
      if (result.success) return entry;
      this.onUnreadable(`event ${entry.type}`, result.error);
    } catch (error) {
      this.onUnreadable(`event ${entry.type}`, error);
    }
    this.#unreadableEvents += 1;
    const body = superjson.stringify({ type: "unknown", originalType: entry.type, event: event ?? null });
    return { ...entry, body };
  };

  stateOrNull<Record>(key: string, read: () => Record | null): Record | null {
    try {
      return read();
    } catch (error) {
      this.#unreadableStates += 1;
      this.onUnreadable(`state ${key}`, error);
      return null;
    }
  }
}
