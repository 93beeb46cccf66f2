import type { ConnectedSession } from "@jobwire/shared";
import type { ProcessLease } from "./process-lease.js";
import type { SessionConnections } from "./session-connections.js";
import type { SessionRegistry } from "./session-registry.js";

/** How often all connected sessions are looked at. */
const intervalMs = 3_600_000;

/**
 * Finds the connections of processes that nobody knows any more: what was missed for whatever reason, a list that was lost or
 * a state that was set back. The first of the processes that are alive does it for all.
 */
export class SessionAudit {
  #nextAt = 0;

  constructor(
    private readonly registry: SessionRegistry,
    private readonly lease: ProcessLease,
    private readonly connections: SessionConnections,
  ) {}

  /** To be called regularly. @throws AppError `STORE_UNAVAILABLE` */
  async look(): Promise<void> {
    if (performance.now() < this.#nextAt) return;
    const [first] = await this.lease.alive();
    if (first !== this.lease.id) return;
    const sessions = await this.registry.connectedTo();
    const alive = await this.lease.alive();
    await this.connections.endAll(sessions.filter((session) => this.#isDead(session, alive)));
    this.#nextAt = performance.now() + intervalMs;
  }

  #isDead(session: ConnectedSession, alive: ReadonlySet<string>): boolean {
    if (session.process === this.lease.id) return !this.connections.holds(session);
    return !alive.has(session.process);
  }
}
