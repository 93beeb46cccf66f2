import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { TopicKey } from "../../../server/src/store/store.js";
import { slotOf } from "../../../server/src/store/cluster-slots.js";
import { redisKeys } from "../../support/redis-keys.js";
import { createTestClient } from "../../support/test-client.js";
import { Ledger } from "./ledger.js";
import { feedTopic, nameOfJob, outputTopicOf, topicOfJob } from "../../support/job-places.js";
import { watchPlain } from "./plain-watcher.js";
import { Publisher } from "./publisher.js";
import type { Random } from "./random.js";
import type { Stage } from "./stage.js";
import { watchWithStockClient } from "./stock-watcher.js";
import { signToken } from "./token.js";
import { until } from "./until.js";
import type { Watcher } from "./watcher.js";

export interface LoadSize {
  readonly publishers: number;
  readonly streams: number;
  readonly jobs: number;
}

/** One user with some jobs, services that publish to them and move them, and streams that watch them. */
export class Load implements AsyncDisposable {
  readonly ledger = new Ledger();
  readonly watchers: Watcher[] = [];
  jobIds: string[] = [];
  /** Jobs that were cancelled while the fault was at work, and what marks their end. */
  readonly cancelled: { readonly jobId: string; readonly mark: string }[] = [];
  readonly #publishers: Publisher[];
  readonly #driver: Publisher;
  #driving: Promise<void> | undefined;
  #isStopped = false;

  private constructor(
    private readonly stage: Stage,
    private readonly random: Random,
    readonly ownerId: string,
    private readonly tokens: { readonly user: string; readonly service: string },
    private readonly size: LoadSize,
  ) {
    const publisher = (name: string) =>
      new Publisher({
        name,
        urls: stage.urls,
        token: tokens.service,
        random: random.fork(),
        ledger: this.ledger,
        jobIds: () => this.jobIds,
      });
    this.#publishers = Array.from({ length: size.publishers }, (_, index) =>
      publisher(`publisher-${index + 1}`),
    );
    this.#driver = publisher("driver");
  }

  /** Resolves when every stream is live and commits are being made. */
  static async start(stage: Stage, random: Random, size: LoadSize): Promise<Load> {
    const ownerId = `owner-${randomUUID()}`;
    const user = await signToken(ownerId, "user");
    const service = await signToken("publisher", "service");
    const load = new Load(stage, random, ownerId, { user, service }, size);
    await load.createJobs();
    load.watchJobs();
    load.watchFeed();
    load.watchOutputs();
    for (const publisher of load.#publishers) publisher.start();
    load.#driving = load.#drive();
    // It is awaited by `stopPublishing`.
    load.#driving.catch(() => {});
    await load.untilAllLive();
    await load.untilCommits(10 * size.publishers);
    return load;
  }

  /** In a Cluster: where all topics are. */
  get slot(): number {
    return slotOf(redisKeys.channel(feedTopic(this.ownerId)));
  }

  /** Where all is said that the publishers say. */
  get topics(): TopicKey[] {
    return [feedTopic(this.ownerId), ...this.jobIds.map(outputTopicOf)];
  }

  async createJobs(): Promise<void> {
    const client = createTestClient({ url: this.#url(0), token: this.tokens.user });
    const ids: string[] = [];
    while (ids.length < this.size.jobs) ids.push((await client.jobs.create.mutate({})).id);
    this.jobIds = ids;
  }

  /** Most streams watch a job: by the stock client and as plain SSE, through both servers. */
  watchJobs(): Watcher[] {
    const count = this.size.streams - this.#feedCount;
    const watchers = Array.from({ length: count }, (_, index) => {
      const jobId = this.jobIds[index % this.jobIds.length] ?? "";
      const side = Math.floor(index / this.jobIds.length) % 2;
      const isPlain = index % 4 === 3;
      const options = {
        name: `job ${this.jobIds.indexOf(jobId) + 1}, ${isPlain ? "plain" : "stock"}, server ${side + 1} (${index})`,
        url: this.#url(side),
        token: this.tokens.user,
        topic: topicOfJob(jobId),
        jobId,
      };
      return isPlain ? watchPlain(options) : watchWithStockClient(options);
    });
    this.watchers.push(...watchers);
    return watchers;
  }

  /** What the commands of each job write, through either server. */
  watchOutputs(): void {
    for (const [index, jobId] of this.jobIds.entries())
      this.watchers.push(
        watchWithStockClient({
          name: `output of job ${index + 1}, stock, server ${(index % 2) + 1}`,
          url: this.#url(index % 2),
          token: this.tokens.user,
          topic: outputTopicOf(jobId),
          jobId,
          isOutput: true,
        }),
      );
  }

  watchFeed(): void {
    for (let index = 0; index < this.#feedCount; index++) {
      this.watchers.push(
        watchWithStockClient({
          name: `feed, stock, server ${(index % 2) + 1} (${index})`,
          url: this.#url(index % 2),
          token: this.tokens.user,
          topic: feedTopic(this.ownerId),
          jobId: null,
        }),
      );
    }
  }

  /** Publishes to every job and resolves when every open stream has received what it should of it. */
  async untilAllLive(watchers: readonly Watcher[] = this.watchers): Promise<void> {
    // Who has received its marks is done: under load they are soon far behind the newest deliveries.
    const waiting = new Map(watchers.map((watcher) => [watcher, watcher.deliveries.length]));
    const marks = await Promise.all(
      this.jobIds.map(async (jobId, index) => {
        const publisher = this.#publishers[index % this.#publishers.length];
        const [mark = null, written = null] = [
          await publisher?.publish(jobId),
          await publisher?.write(jobId),
        ];
        return { topic: nameOfJob(jobId), mark, written };
      }),
    );
    const missing = () => {
      for (const [watcher, from] of waiting) {
        const { topic, deliveries, kind, ending } = watcher;
        const received = deliveries.slice(from);
        const isDone = marks
          .filter((one) => kind === "feed" || one.topic === topic.topic)
          .map(({ mark, written }) => (kind === "output" ? written : mark))
          .every((mark) => mark === null || received.some(({ text }) => text.includes(`"${mark}"`)));
        if (ending !== "open" || isDone) waiting.delete(watcher);
      }
      return [...waiting.keys()];
    };
    await until(
      () => missing().length === 0,
      () =>
        `all streams live; silent: ${missing()
          .map(({ name, deliveries }) => `${name} at ${deliveries.at(-1)?.id}`)
          .join("; ")}`,
      60_000,
    );
  }

  /** Resolves when so many more calls were acknowledged. */
  async untilCommits(count: number): Promise<void> {
    const wanted = this.ledger.acknowledged.length + count;
    await until(
      () => this.ledger.acknowledged.length >= wanted,
      () => `${count} more commits`,
      60_000,
    );
  }

  /** Ends publishing: every call has its answer then. */
  async stopPublishing(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([this.#driving, ...this.#publishers.map((publisher) => publisher.stop())]);
  }

  /** Ends the jobs, so that their streams complete, and waits until they have. */
  async finish(): Promise<void> {
    await this.stopPublishing();
    for (const [index, jobId] of this.jobIds.entries())
      await (index % 2 === 0 ? this.#driver.cancel(jobId) : this.#driver.move(jobId, "failed"));
    const current = this.watchers.filter(
      ({ kind, topic }) => kind !== "feed" && this.jobIds.some((id) => topic.topic === nameOfJob(id)),
    );
    const late = () => current.filter(({ ending }) => ending === "open").map(({ name }) => name);
    await until(
      () => late().length === 0,
      () => `the streams of finished jobs complete: ${late().join("; ")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    for (const watcher of this.watchers) watcher[Symbol.dispose]();
    await Promise.allSettled([this.#driving, ...this.#publishers.map((publisher) => publisher.stop())]);
  }

  get #feedCount(): number {
    return Math.max(2, Math.floor(this.size.streams / 4));
  }

  async #drive(): Promise<void> {
    while (!this.#isStopped) {
      await this.#driver.move(this.random.pick(this.jobIds));
      if (this.random.integer(0, 9) === 0) {
        const cancelled = await this.#driver.cancelNew(this.tokens.user);
        if (cancelled) this.cancelled.push(cancelled);
      }
      await delay(25);
    }
  }

  #url(side: number): string {
    return this.stage.urls[side] ?? "";
  }
}
