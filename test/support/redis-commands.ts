import { Redis } from "ioredis";
import { expect, vi } from "vitest";

/** What clients have asked Redis to do since this was begun. What watches over connections is left out. */
export class RedisCommands implements AsyncDisposable {
  /** The channels that scripts have published to. */
  readonly published: string[] = [];
  readonly #commands: string[][] = [];
  readonly #marks = new Set<string>();

  private constructor(
    private readonly admin: Redis,
    private readonly monitor: Redis,
  ) {
    monitor.on("monitor", (_time: string, words: string[], source: string) => {
      const [command = "", name = ""] = words;
      if (command.toLowerCase() === "echo") this.#marks.add(name);
      else if (source !== "lua" && !isWatch(words)) this.#commands.push(words);
      else if (/^publish$/i.test(command)) this.published.push(name);
    });
  }

  static async watch(url: string): Promise<RedisCommands> {
    const admin = new Redis(url);
    return new RedisCommands(admin, await admin.monitor());
  }

  async during(work: () => Promise<unknown>): Promise<readonly string[][]> {
    await this.flushed();
    this.#commands.length = 0;
    await work();
    await this.flushed();
    return this.#commands;
  }

  /** How many of those until now have this command and this text in one of their arguments. */
  async count(command: RegExp, text: string): Promise<number> {
    await this.flushed();
    return this.#commands.filter(
      ([name = "", ...words]) => command.test(name) && words.some((word) => word.includes(text)),
    ).length;
  }

  /** Resolves when everything that Redis has done so far was seen. */
  async flushed(): Promise<void> {
    const mark = String(performance.now());
    await this.admin.echo(mark);
    await vi.waitFor(() => expect(this.#marks).toContain(mark), { timeout: 20_000, interval: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.monitor.disconnect();
    this.admin.disconnect();
  }
}

function isWatch([command = "", key = ""]: readonly string[]): boolean {
  return /^ping$/i.test(command) || key === "jw:generation" || key.startsWith("jw:watch:");
}
