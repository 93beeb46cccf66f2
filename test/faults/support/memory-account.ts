import type { JobwireProcess } from "./jobwire-process.js";

/** Compares the memory that servers use, once garbage is collected, with what each used under its first load. */
export class MemoryAccount {
  readonly #before = new WeakMap<JobwireProcess, number>();

  /** Remembers the first measurement of each server. */
  async learn(server: JobwireProcess): Promise<void> {
    if (!this.#before.has(server)) this.#before.set(server, await server.memoryBytes());
  }

  /** The most that one of them has grown; a server that was never measured before has not. */
  async grownBytes(servers: readonly JobwireProcess[]): Promise<number> {
    const grown = servers.map(async (server) => {
      const before = this.#before.get(server);
      return before === undefined ? 0 : (await server.memoryBytes()) - before;
    });
    return Math.max(...(await Promise.all(grown)));
  }
}
