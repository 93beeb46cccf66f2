import type { ConnectionState } from "../connection-state.js";
import { Leadership, type Lead, type Locks } from "./leadership.js";

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
  /** Calls `lead` whenever no other tab leads, and this one is awake. */
  lead(lead: Lead): void;
  /** Leads in the place of a tab that does not answer. */
  takeOver(): void;
  leave(): void;
}

/** @returns `null` where tabs cannot find each other: without Web Locks or BroadcastChannel. */
export function joinTabGroup(name: string): TabGroup | null {
  const locks = (globalThis as TabGlobals).navigator?.locks;
  if (!locks || typeof BroadcastChannel === "undefined") return null;
  let leadership: Leadership | undefined;
  let hasLeft = false;
  // Two, because a channel does not hear itself.
  const [speaker, listener] = [new BroadcastChannel(name), new BroadcastChannel(name)];
  const group: TabGroup = {
    send(message) {
      if (!hasLeft) speaker.postMessage(message);
    },
    onMessage: () => {},
    lead(lead) {
      leadership = new Leadership(locks, name, lead);
    },
    takeOver() {
      leadership?.takeOver();
    },
    leave() {
      hasLeft = true;
      leadership?.leave();
      speaker.close();
      listener.close();
    },
  };
  listener.addEventListener("message", (event) => {
    if (!hasLeft) group.onMessage((event as MessageEvent).data as TabMessage);
  });
  return group;
}

/** What is used of a browser's globals. */
interface TabGlobals {
  readonly navigator?: { readonly locks?: Locks };
}
