import type { ProcessLease } from "./process-lease.js";
import type { SessionConnections } from "./session-connections.js";
import type { SessionDirectory } from "./session-directory.js";
import type { SessionObservers } from "./session-observers.js";
import type { SessionRecord } from "./session-record.js";
import type { SessionRetention } from "./session-retention.js";
import type { SessionStore } from "./session-store.js";

export interface SessionSweeperOptions {
  readonly sessions: SessionStore;
  readonly directory: SessionDirectory;
  readonly retention: SessionRetention;
  readonly lease: ProcessLease;
  readonly connections: SessionConnections;
  readonly observers: SessionObservers;
}

/**
 * Ends the connections that died with their process, and drops the sessions whose time has passed. The first of the
 * processes that are alive does it for all, when another one is gone and otherwise now and then.
 */
export class SessionSweeper {
  /** Who was alive at the last look; absent while another process sweeps. */
  #seen: ReadonlySet<string> | undefined;
  #dueAt = 0;

  constructor(private readonly options: SessionSweeperOptions) {}

  /** @throws AppError `STORE_UNAVAILABLE` */
  async sweep(signal: AbortSignal): Promise<void> {
    const { directory, lease } = this.options;
    const processes = await directory.liveProcesses();
    const [first] = processes;
    if (first !== lease.id) {
      this.#seen = undefined;
      return;
    }
    const isOneGone = !this.#seen || [...this.#seen].some((id) => !processes.has(id));
    if (isOneGone || performance.now() >= this.#dueAt) await this.#sweepAll(signal);
    this.#seen = processes;
  }

  async #sweepAll(signal: AbortSignal): Promise<void> {
    const { directory, retention, sessions } = this.options;
    for await (const page of directory.pages()) {
      const alive = await directory.liveProcesses();
      for (const session of page) {
        if (signal.aborted) return;
        if (this.#isDead(session, alive)) await this.#end(session);
        else if (retention.isDroppable(session)) await sessions.drop(session);
      }
    }
    this.#dueAt = performance.now() + retention.sweepIntervalMs;
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
