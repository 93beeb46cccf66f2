import type { ConnectedSession } from "@jobwire/shared";
import type { StateRecord, Store } from "../store/store.js";
import {
  liveIndex,
  processesIndex,
  sessionKey,
  sessionsIndex,
  sessionsScope,
  userIndex,
} from "./session-keys.js";
import { readSessionRecord, type SessionRecord } from "./session-record.js";

const pageSize = 256;

/** Who is there, as the store knows it: over all server processes. */
export class SessionDirectory {
  constructor(private readonly store: Store) {}

  /** Connected or not. */
  async find(requestId: string): Promise<SessionRecord | null> {
    const state = await this.store.readState({ scope: sessionsScope, key: sessionKey(requestId) });
    return state && readSessionRecord(requestId, state);
  }

  /** How many sessions of a user are kept, connected or not. */
  async countOf(userId: string): Promise<number> {
    const index = userIndex(userId);
    return (await this.store.countStates(sessionsScope, [index]))[index] ?? 0;
  }

  /** Connected or not, in pages. */
  all(): AsyncGenerator<readonly SessionRecord[], void> {
    return this.#pages(sessionsIndex);
  }

  /** Those of a user, connected or not, in pages. */
  ofUser(userId: string): AsyncGenerator<readonly SessionRecord[], void> {
    return this.#pages(userIndex(userId));
  }

  /** Those that are connected to a process, in pages. */
  ofProcess(processId: string): AsyncGenerator<readonly SessionRecord[], void> {
    return this.#pages(liveIndex(processId));
  }

  async *#pages(index: string): AsyncGenerator<readonly SessionRecord[], void> {
    for await (const page of this.#statesOf(index)) {
      yield page.map(({ key, state }) => readSessionRecord(key.slice(sessionKey("").length), state));
    }
  }

  /** Those who are connected to a process that is alive. */
  async connected(): Promise<ConnectedSession[]> {
    const sessions: SessionRecord[] = [];
    for await (const page of this.all()) sessions.push(...page.filter(({ endedAt }) => !endedAt));
    const processes = await this.liveProcesses();
    return sessions
      .filter(({ process }) => processes.has(process))
      .map(({ endedAt: _, ...session }) => session);
  }

  /** In the order of their ids. To be asked after reading the sessions: a process is listed before it has any. */
  async liveProcesses(): Promise<ReadonlySet<string>> {
    const ids: string[] = [];
    for await (const page of this.#statesOf(processesIndex))
      ids.push(...page.map(({ state }) => state.id ?? ""));
    return new Set(ids);
  }

  async *#statesOf(
    index: string,
  ): AsyncGenerator<readonly { readonly key: string; readonly state: StateRecord }[], void> {
    for (let after: string | undefined; ;) {
      const { items, next } = await this.store.listStates({
        scope: sessionsScope,
        index,
        order: "ascending",
        limit: pageSize,
        ...(after !== undefined && { after }),
      });
      yield items;
      if (next === null) return;
      after = next;
    }
  }
}
