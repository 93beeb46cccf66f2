import { idleState, type ConnectionReport } from "../connection-state.js";
import { forwardAbort } from "./forward-abort.js";
import type { StreamItem } from "./resuming-stream.js";

/** Opens a stream after a cursor. It ends when it is complete or its signal is aborted. */
export type StreamSource = (cursor: string | null, signal: AbortSignal) => AsyncIterable<StreamItem>;

export interface VisibleOptions {
  readonly cursor: string | null;
  readonly signal: AbortSignal;
  readonly connection: ConnectionReport;
}

/** Reads a stream while the page is seen; hidden, it holds no connection. Outside of pages it reads always. */
export async function* whileVisible(
  open: StreamSource,
  { cursor, signal, connection }: VisibleOptions,
): AsyncGenerator<StreamItem, void> {
  const { document } = globalThis as PageGlobals;
  if (!document) {
    yield* open(cursor, signal);
    return;
  }
  let position = cursor;
  while (!signal.aborted) {
    if (document.hidden) {
      connection.set({ ...idleState, state: "paused" });
      await nextChange(document, signal);
      continue;
    }
    const hidden = new AbortController();
    const hide = () => hidden.abort();
    const release = forwardAbort([signal], hidden);
    document.addEventListener("visibilitychange", hide);
    try {
      for await (const item of open(position, hidden.signal)) {
        position = item.id ?? position;
        yield item;
      }
      if (!hidden.signal.aborted) return;
    } finally {
      release();
      hidden.abort();
      document.removeEventListener("visibilitychange", hide);
    }
  }
}

interface PageGlobals {
  readonly document?: Page;
}

/** What is used of a `Document`. */
interface Page {
  readonly hidden: boolean;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
}

function nextChange(page: Page, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      page.removeEventListener("visibilitychange", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    page.addEventListener("visibilitychange", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
