import type { ConnectionState } from "../connection-state.js";

/** What tabs say to each other about one stream. What one tab says arrives in order. */
export type TabMessage =
  /** Where is the leader? */
  | { readonly kind: "ask" }
  /** How far the leader has come, and how it is connected. */
  | { readonly kind: "position"; readonly cursor: string | null; readonly state: TabState }
  /** A value, and the id that came before it. */
  | ItemMessage
  /** Nothing follows after the id `previous`. */
  | { readonly kind: "end"; readonly previous: string | null }
  /** The leader gives up. What its server told it need not hold for the others. */
  | { readonly kind: "failed"; readonly leader: string };

export interface ItemMessage {
  readonly kind: "item";
  readonly previous: string | null;
  readonly id: string | undefined;
  readonly data: string;
}

/** A connection's state as it travels between tabs: of an error what can be copied. */
export type TabState = Omit<ConnectionState, "lastError"> & {
  readonly error: { readonly message: string; readonly shape: unknown } | null;
};

/** The tabs of one origin that share a stream; one of them leads. */
export interface TabGroup {
  /** To every tab of the group, this one too. */
  send(message: TabMessage): void;
  onMessage: (message: TabMessage) => void;
  /** Calls `lead` once no other tab leads; this one does until its promise is settled. */
  lead(lead: () => Promise<void>): void;
  leave(): void;
}

/** @returns `null` where tabs cannot find each other: without Web Locks or BroadcastChannel. */
export function joinTabGroup(name: string): TabGroup | null {
  const locks = (globalThis as TabGlobals).navigator?.locks;
  if (!locks || typeof BroadcastChannel === "undefined") return null;
  const leaving = new AbortController();
  // Two, because a channel does not hear itself.
  const [speaker, listener] = [new BroadcastChannel(name), new BroadcastChannel(name)];
  const group: TabGroup = {
    send(message) {
      if (!leaving.signal.aborted) speaker.postMessage(message);
    },
    onMessage: () => {},
    lead(lead) {
      // It rejects when the tab leaves before its turn.
      locks.request(name, { signal: leaving.signal }, lead).catch(() => {});
    },
    leave() {
      leaving.abort();
      speaker.close();
      listener.close();
    },
  };
  listener.addEventListener("message", (event) => {
    if (!leaving.signal.aborted) group.onMessage((event as MessageEvent).data as TabMessage);
  });
  return group;
}

/** What is used of a browser's globals. */
interface TabGlobals {
  readonly navigator?: {
    readonly locks?: {
      request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
    };
  };
}
