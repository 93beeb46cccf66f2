import { setTimeout as delay } from "node:timers/promises";
import { openJobwire, redisStore } from "@jobwire/server/topics";
import { expect } from "vitest";
import { builtProgram } from "../../support/build-programs.js";
import { spawnProcess, type SpawnedProcess } from "../../support/server-process.js";
import { FaultProxy } from "../support/fault-proxy.js";
import type { Random } from "../support/random.js";
import { RedisProcess } from "../support/redis-process.js";
import { until } from "../support/until.js";
import { book } from "./book.js";
import { persist, readIterated, readPlain, type Reader } from "./readers.js";

const publisherCount = 3;
const writtenBooks = ["a", "b", "c"];
/** Written by a pipe, when there is one. */
const pipedBook = "piped";
const allBooks = [...writtenBooks, pipedBook];
const program = [builtProgram("test/faults/topics/program.ts")];

/** Books on a Redis that writes to disk before it answers, a server of them, publishers, and readers of all books at once. */
export class TopicRun implements AsyncDisposable {
  readonly #acknowledged = new Map<string, string[]>();
  readonly #readers: Reader[] = [];
  readonly #stopping = new AbortController();
  #publishing: Promise<unknown> = Promise.resolve();
  #commits = 0;

  private constructor(
    readonly redis: RedisProcess,
    private server: SpawnedProcess,
    private readonly front: FaultProxy,
    private readonly shelf: Awaited<ReturnType<typeof openShelf>>,
  ) {}

  /** Resolves when every reader is being told of what is published. */
  static async start(random: Random): Promise<TopicRun> {
    const redis = await RedisProcess.start();
    const { server, port } = await startProgram(redis);
    const run = new TopicRun(redis, server, await FaultProxy.start(port), await openShelf(redis));
    run.#publishing = Promise.all(
      Array.from({ length: publisherCount }, (_, index) => run.#publish(`writer ${index}`, random.fork())),
    );
    for (const name of ["first", "second"]) run.join(name);
    await run.untilAllLive();
    return run;
  }

  /** Two more readers of all books from the beginning, in this process and over HTTP. */
  join(name: string): void {
    const { jobwire, books } = this.shelf;
    const open = (lastEventId: string | undefined, signal: AbortSignal) =>
      jobwire.merge(
        allBooks.map((bookId) => books.stream({ bookId })),
        { lastEventId, signal },
      );
    this.#readers.push(
      readIterated(`${name}, iterated`, open),
      readPlain(`${name}, plain`, `${this.#url}/?books=${allBooks.join()}`),
    );
  }

  async startPipe(): Promise<void> {
    const response = await fetch(`${this.#url}/pipe?book=${pipedBook}`);
    expect(response.status).toBe(202);
  }

  /** The first so many tokens of the pipe have come to a reader. */
  async untilPiped(count: number): Promise<void> {
    const piped = () => this.#readers[0]?.marks(pipedBook).length ?? 0;
    await until(
      () => piped() >= count,
      () => `${count} tokens; there are ${piped()}`,
      60_000,
    );
  }

  async untilCommits(count: number): Promise<void> {
    const wanted = this.#commits + count;
    await until(
      () => this.#commits >= wanted,
      () => `${count} more commits`,
      60_000,
    );
  }

  /** Every reader is told of something that came since. */
  async untilAllLive(): Promise<void> {
    const silent = new Map(this.#readers.map((reader) => [reader, reader.count()]));
    await until(
      () => {
        for (const [reader, count] of silent) if (reader.count() > count) silent.delete(reader);
        return silent.size === 0;
      },
      () => `all readers live; silent: ${[...silent.keys()].map(({ name }) => name).join("; ")}`,
      60_000,
    );
  }

  /** SIGKILL. Another server takes its address, and its readers come back. */
  async killServer(): Promise<void> {
    this.server.send("SIGKILL");
    await this.server.exited;
    const { server, port } = await startProgram(this.redis);
    this.server = server;
    this.front.switchTo(port);
    this.front.cut();
  }

  /** Breaks the connections of all readers over HTTP. */
  cut(): void {
    this.front.cut();
  }

  /**
   * Closes every book, waits for all readers to complete, and holds what was acknowledged, the logs, the states and what
   * each reader was given against each other.
   * @param piped What the pipe's book must have, in this order; without it nothing was piped.
   */
  async finish(piped?: readonly string[]): Promise<void> {
    this.#stopping.abort();
    await this.#publishing;
    for (const bookId of piped ? writtenBooks : allBooks)
      await persist(() =>
        this.shelf.books.publish({ bookId }, { type: "book.closed" }, { idempotencyKey: "end" }),
      );
    const open = () => this.#readers.filter(({ hasEnded }) => !hasEnded()).map(({ name }) => name);
    await until(
      () => open().length === 0,
      () => `all readers complete: ${open().join("; ")}`,
      60_000,
    );
    await using shelf = await openShelf(this.redis);
    for (const bookId of allBooks) {
      const log: string[] = [];
      for await (const { event } of shelf.books.history({ bookId }))
        log.push(event.type === "entry.made" ? event.mark : event.type);
      expect(log.pop()).toBe("book.closed");
      const said = bookId === pipedBook ? (piped ?? []) : (this.#acknowledged.get(bookId) ?? []);
      if (bookId === pipedBook) expect(log).toEqual(said);
      else expect(log.toSorted(), `the log of ${bookId}`).toEqual(said.toSorted());
      expect((await shelf.books.state({ bookId }))?.marks, `the state of ${bookId}`).toEqual(log);
      for (const { name, marks } of this.#readers)
        expect(marks(bookId), `${bookId} as ${name} has it`).toEqual([...log, "book.closed"]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const reader of this.#readers) reader[Symbol.dispose]();
    await this.front[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.shelf[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
  }

  get #url(): string {
    return `http://127.0.0.1:${this.front.port}`;
  }

  async #publish(name: string, random: Random): Promise<void> {
    for (let number = 0; !this.#stopping.signal.aborted; number++) {
      const bookId = random.pick(writtenBooks);
      const mark = `${name}, ${number}`;
      const event = { type: "entry.made", mark } as const;
      await persist(() => this.shelf.books.publish({ bookId }, event, { idempotencyKey: mark }));
      this.#acknowledged.set(bookId, [...(this.#acknowledged.get(bookId) ?? []), mark]);
      this.#commits += 1;
      await delay(random.integer(0, 8));
    }
  }
}

async function openShelf(redis: RedisProcess) {
  const store = redisStore({ url: urlOf(redis) });
  const jobwire = await openJobwire({ store, maxEvents: 100_000, onError: () => {} });
  return {
    jobwire,
    books: jobwire.topic(book),
    [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose](),
  };
}

async function startProgram(redis: RedisProcess) {
  const server = spawnProcess(process.execPath, program, { REDIS_URL: urlOf(redis) });
  const line = await server.until((text) => text.startsWith("Books: "));
  return { server, port: Number(line.slice("Books: ".length)) };
}

function urlOf({ port }: RedisProcess): string {
  return `redis://127.0.0.1:${port}`;
}
