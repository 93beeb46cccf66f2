import { idleState, type ConnectionReport } from "../connection-state.js";
import { forwardAbort } from "./forward-abort.js";
import { listen, type Page, type PageGlobals } from "./page-events.js";
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
    const hide = () => {
      if (document.hidden) hidden.abort();
    };
    const release = forwardAbort([signal], hidden);
    const unlisten = listen(document, ["visibilitychange"], hide);
    try {
      for await (const item of open(position, hidden.signal)) {
        position = item.id ?? position;
        yield item;
      }
      if (!hidden.signal.aborted) return;
    } finally {
      release();
      hidden.abort();
      unlisten();
    }
  }
}

/** A page that comes back from the cache of its browser says so in its own way. */
function nextChange(page: Page, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const release of releases) release();
      resolve();
    };
    const releases = [
      listen(page, ["visibilitychange"], done),
      listen(globalThis as PageGlobals, ["pageshow"], done),
      listen(signal, ["abort"], done),
    ];
  });
}
