import type { StateRecord, Store } from "../store/store.js";
import type { ProcessLease } from "./process-lease.js";
import type { SessionConnections } from "./session-connections.js";
import type { SessionDirectory } from "./session-directory.js";
import type { SessionObservers } from "./session-observers.js";
import { processKey, sessionKey, sessionsScope } from "./session-keys.js";
import { readSessionRecord, type SessionRecord } from "./session-record.js";
import type { SessionRetention } from "./session-retention.js";
import type { SessionStore } from "./session-store.js";

export interface SessionSweeperOptions {
  readonly store: Store;
  readonly sessions: SessionStore;
  readonly directory: SessionDirectory;
  readonly retention: SessionRetention;
  readonly lease: ProcessLease;
  readonly connections: SessionConnections;
  readonly observers: SessionObservers;
}

/** How often all sessions are looked at, beside those of which something is due. */
const auditIntervalMs = 3_600_000;

const pageSize = 100;

/**
 * Ends the connections that died with their process, and drops the sessions whose time has passed: what is due. The first
 * of the processes that are alive does it for all.
 */
export class SessionSweeper {
  #nextAuditAt = 0;

  constructor(private readonly options: SessionSweeperOptions) {}

  /** @throws AppError `STORE_UNAVAILABLE` */
  async sweep(signal: AbortSignal): Promise<void> {
    const { directory, lease, store } = this.options;
    const [first] = await directory.liveProcesses();
    if (first !== lease.id) return;
    if (performance.now() >= this.#nextAuditAt) {
      await this.#audit(signal);
      this.#nextAuditAt = performance.now() + auditIntervalMs;
    }
    const { items } = await store.listDue({ scope: sessionsScope, limit: pageSize });
    for (const { key, state } of items) {
      if (signal.aborted) return;
      if (key.startsWith(processKey(""))) await this.#endSessionsOf(key, state);
      else await this.#dropSession(key, state);
    }
  }

  /** What was missed for whatever reason, a list that was lost or a state that was set back, is found here. */
  async #audit(signal: AbortSignal): Promise<void> {
    const { directory, retention, sessions } = this.options;
    for await (const page of directory.all()) {
      const alive = await directory.liveProcesses();
      for (const session of page) {
        if (signal.aborted) return;
        if (this.#isDead(session, alive)) await this.#end(session);
        else if (retention.isDroppable(session)) await sessions.drop(session);
      }
    }
  }

  async #endSessionsOf(key: string, state: StateRecord | null): Promise<void> {
    // It has renewed its lease meanwhile.
    if (state) return;
    for await (const page of this.options.directory.ofProcess(key.slice(processKey("").length)))
      for (const session of page) await this.#end(session);
    await this.#settle(key);
  }

  async #dropSession(key: string, state: StateRecord | null): Promise<void> {
    const { retention, sessions } = this.options;
    const session = state && readSessionRecord(key.slice(sessionKey("").length), state);
    if (!session) await this.#settle(key);
    else if (retention.isDroppable(session)) await sessions.drop(session);
  }

  /** Nothing is due where nothing is. */
  async #settle(key: string): Promise<void> {
    const state = { key, expect: "absent", set: {}, due: null, remove: true } as const;
    await this.options.store.commit({ scope: sessionsScope, state, events: [] });
  }

  #isDead(session: SessionRecord, alive: ReadonlySet<string>): boolean {
    const { lease, connections } = this.options;
    if (session.endedAt) return false;
    return session.process === lease.id ? !connections.holds(session) : !alive.has(session.process);
  }

  async #end({ endedAt: _, ...session }: SessionRecord): Promise<void> {
    const { sessions, observers } = this.options;
    if (await sessions.disconnect(session)) void observers.tell("onDisconnect", session);
  }
}
