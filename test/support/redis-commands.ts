import { Redis } from "ioredis";
import { expect, vi } from "vitest";

/** What clients have asked Redis to do since this was begun. */
export class RedisCommands implements AsyncDisposable {
  readonly #commands: string[][] = [];
  readonly #marks = new Set<string>();

  private constructor(
    private readonly admin: Redis,
    private readonly monitor: Redis,
  ) {
    monitor.on("monitor", (_time: string, words: string[], source: string) => {
      const [command = "", name = ""] = words;
      if (command.toLowerCase() === "echo") this.#marks.add(name);
      else if (source !== "lua") this.#commands.push(words);
    });
  }

  static async watch(url: string): Promise<RedisCommands> {
    const admin = new Redis(url);
    return new RedisCommands(admin, await admin.monitor());
  }

  /** How many of those until now have this command and this text in one of their arguments. */
  async count(command: RegExp, text: string): Promise<number> {
    const mark = String(performance.now());
    await this.admin.echo(mark);
    await vi.waitFor(() => expect(this.#marks).toContain(mark), { timeout: 20_000, interval: 5 });
    return this.#commands.filter(
      ([name = "", ...words]) => command.test(name) && words.some((word) => word.includes(text)),
    ).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.monitor.disconnect();
    this.admin.disconnect();
  }
}
