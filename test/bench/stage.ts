import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Bench } from "./bench.js";
import type { Contender, Publisher, ServeOptions } from "./contenders/contender.js";
import { nowUs } from "./event.js";
import { watchFirstId } from "./load/first-id.js";
import type { FleetOptions, Received } from "./load/fleet.js";
import { Child } from "./processes/child.js";
import type { Memory, ServerCalls } from "./processes/server-process.js";
import { publishPaced, type Pace } from "./publish-paced.js";
import { printProfile } from "./report/hot-functions.js";
import { signToken } from "./token.js";

export interface StageOptions extends Partial<Omit<ServeOptions, "redisUrl">> {
  /** What is in Redis stays there. */
  readonly keepsRedis?: boolean;
}

export interface Delivery extends Pace {
  readonly recordsLatency?: boolean;
}

export interface ConnectOptions extends Partial<Pick<FleetOptions, "concurrency" | "firstSeq">> {
  /** Where the streams of a topic go on; default: all are new. */
  readonly lastEventIdOf?: (topic: string) => string | undefined;
}

export interface Delivered extends Received {
  /** Of the server, from the first publish to the last receipt. */
  readonly cpuUs: number;
  readonly elapsedUs: number;
}

const settleMs = 300;

/** One contender's server in a process of its own, with streams to it and somebody who publishes. */
export class Stage implements AsyncDisposable {
  #published = 0;
  #profiled = 0;

  private constructor(
    private readonly bench: Bench,
    private readonly contender: Contender,
    private readonly server: Child<ServerCalls>,
    private readonly port: number,
    private readonly publisher: Publisher | null,
  ) {}

  static async open(bench: Bench, contender: Contender, options: StageOptions = {}): Promise<Stage> {
    const { keepsRedis = false, heartbeatMs = 15_000, verifiesTokens = false, retains = false } = options;
    const redisUrl = bench.redis?.url ?? null;
    if (!keepsRedis) await bench.redis?.clear();
    const serve = { redisUrl, heartbeatMs, verifiesTokens, retains };
    const server = new Child<ServerCalls>(bench.programs.server, { execArgv: ["--expose-gc"] });
    try {
      const port = await server.call("start", { name: contender.name, options: serve });
      const publisher = redisUrl ? await contender.openPublisher({ ...serve, redisUrl, port }) : null;
      return new Stage(bench, contender, server, port, publisher);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens a stream for each of these topics. @returns when the first was requested */
  connect(topics: readonly string[], options: ConnectOptions = {}): Promise<number> {
    return this.bench.load.call("connect", this.fleetOf(topics, options));
  }

  /** A stream for each of these topics, for a load process to open. */
  fleetOf(
    topics: readonly string[],
    { concurrency = 100, firstSeq = 1, lastEventIdOf = () => undefined }: ConnectOptions = {},
  ): FleetOptions {
    const { pathOf, numbersIds, role } = this.contender;
    const streams = topics.map((topic, index) => {
      const lastEventId = lastEventIdOf(topic);
      return {
        path: pathOf(topic),
        token: signToken(`user-${index}`, role),
        ...(lastEventId !== undefined && { lastEventId }),
      };
    });
    return { port: this.port, streams, concurrency, firstSeq, numbersIds };
  }

  /** Closes all streams. */
  async disconnect(): Promise<void> {
    await this.bench.load.call("close", undefined);
    await delay(settleMs);
  }

  /** As `deliver`, unmeasured: code gets compiled and buffers grow. */
  async warmUp(delivery: Delivery): Promise<void> {
    await delay(settleMs);
    await this.#publish(delivery);
    await this.receive(this.#published);
  }

  /** Publishes, and waits until every stream has received it, or nothing comes any more. */
  async deliver(delivery: Delivery): Promise<Delivered> {
    await delay(settleMs);
    const lastSeq = this.#published + delivery.eventsPerTopic;
    const { cpuUs, value, startedAtUs } = await this.cpuOf(async () => {
      const receiving = this.receive(lastSeq, delivery.recordsLatency);
      const [received] = await Promise.all([receiving, this.#publish(delivery)]);
      return received;
    });
    return { ...value, cpuUs, elapsedUs: value.lastAtUs - startedAtUs };
  }

  receive(lastSeq: number, recordsLatency = false): Promise<Received> {
    const { patienceMs } = this.contender;
    return this.bench.load.call("receive", { lastSeq, patienceMs, recordsLatency });
  }

  /** What the server spends while this work is done. */
  async cpuOf<Value>(work: () => Promise<Value>) {
    const { profiles } = this.bench;
    if (profiles) await this.server.call("startProfile", undefined);
    const before = await this.server.call("cpuUs", undefined);
    const startedAtUs = nowUs();
    const value = await work();
    const endedAtUs = nowUs();
    const cpuUs = (await this.server.call("cpuUs", undefined)) - before;
    if (profiles) {
      const file = join(profiles.directory, `${profiles.name}-${++this.#profiled}.cpuprofile`);
      printProfile(file, await this.server.call("stopProfile", file));
    }
    return { value, cpuUs, startedAtUs, endedAtUs };
  }

  /** The 99th percentile of how long a turn of the server's event loop takes while this work is done. */
  async loopDelayOf<Value>(work: () => Promise<Value>) {
    await this.server.call("startLoopDelay", undefined);
    const value = await work();
    return { value, p99Ms: await this.server.call("stopLoopDelay", undefined) };
  }

  memory(): Promise<Memory> {
    return this.server.call("memory", undefined);
  }

  quietReads(): Promise<number> {
    return this.bench.load.call("quietReads", undefined);
  }

  /** Publishes without waiting for streams. @returns the id that the first of these events has in a stream, by topic */
  async publishAndLearnIds(delivery: Delivery): Promise<ReadonlyMap<string, string>> {
    const { pathOf, role } = this.contender;
    const token = signToken("reader", role);
    const watches = await Promise.all(
      delivery.topics.map((topic) => watchFirstId(this.port, { path: pathOf(topic), token })),
    );
    await delay(settleMs);
    const firstIds = Promise.all(watches.map(({ firstId }) => firstId));
    const [ids] = await Promise.all([firstIds, this.#publish(delivery)]);
    return new Map(ids.map((id, index) => [delivery.topics[index] ?? "", id]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.publisher?.[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.bench.load.call("close", undefined);
  }

  async #publish(delivery: Delivery): Promise<void> {
    const first = this.#published + 1;
    this.#published += delivery.eventsPerTopic;
    const { publisher } = this;
    await publishPaced(delivery, first, async (events) => {
      if (publisher) await Promise.all(events.map(({ topic, event }) => publisher.publish(topic, event)));
      else await this.server.call("publish", events);
    });
  }
}
