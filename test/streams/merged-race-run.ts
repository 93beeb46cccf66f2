import { parseCursor } from "@jobwire/shared";
import type { Scheduler } from "fast-check";
import { expect } from "vitest";
import { inOrder, MergedPlaces, type Place } from "../../server/src/streams/merged-places.js";
import type { TopicKey } from "../../server/src/store/store.js";
import { MergedAccount } from "./merged-account.js";
import { expectComplete, RaceStage } from "./race-stage.js";
import { newTopic, openMerged, publish, publishLast, Reading, type ways } from "./reading.js";

export interface MergedRaceConditions {
  readonly scheduler: Scheduler;
  readonly way: (typeof ways)[number];
  readonly maxEvents: number;
  /** At most so many gaps are said of each topic to each stream. */
  readonly maxGaps: number;
}

interface Join {
  readonly from: "oldest" | "newest";
  readonly process?: 0 | 1;
  /** The reader goes away at some moment. */
  readonly isLeft?: boolean;
  /** The reader takes what comes when the scheduler says so. */
  readonly isSlow?: boolean;
  /** So often its connection is cut, and it comes back with its last id, to whichever process. */
  readonly cuts?: number;
}

interface Connection {
  readonly reading: Reading;
  readonly lastEventId: string | null;
}

/** One reader, over all its connections. */
interface Joined {
  readonly start: "oldest" | "newest";
  readonly connections: readonly Connection[];
  /** Comes back with the last id. */
  readonly connect: (process: 0 | 1) => void;
  /** How much its last connection had received when the reader went away. */
  countWhenLeft: number | undefined;
}

const topicCount = 3;

/** Far more calls, answers and messages than any race needs. */
const maxLetThrough = 4000;

/** Several topics, two processes that merge them, and everything that happens to them when the scheduler says so. */
export class MergedRaceRun implements AsyncDisposable {
  readonly #stage: RaceStage;
  readonly #topics: readonly TopicKey[];
  readonly #joined: Joined[] = [];
  /** Of each topic: the types of its log's events; each event has a type of its own. */
  readonly #logs: string[][];
  readonly #ended = new Set<number>();
  #wereLost = false;
  #published = 0;

  constructor(private readonly conditions: MergedRaceConditions) {
    const { scheduler, maxEvents } = conditions;
    this.#stage = new RaceStage({ scheduler, maxEvents, maxLetThrough });
    // In the order in which ids name them.
    this.#topics = inOrder(Array.from({ length: topicCount }, newTopic), (topic) => topic);
    this.#logs = this.#topics.map(() => []);
  }

  /** Plays, lets everything come to its end, closes what is open, and accounts for every stream and every id it gave. */
  async play(actors: (run: this) => Promise<unknown>): Promise<void> {
    await this.#stage.play(actors(this));
    for (const read of ["listen", "head"] as const) this.#stage.store.refuse(read, 0);
    for (const joined of this.#joined) await this.#comeBack(joined);
    for (const index of this.#topics.keys()) await this.publishLast(index);
    const ids = new Set<string>();
    for (const joined of this.#joined) {
      await this.#account(joined);
      for (const { reading } of joined.connections) for (const id of reading.ids) ids.add(id);
    }
    for (const [index, id] of [...ids].entries()) await this.#accountResumed(id, index % 2 === 0 ? 0 : 1);
  }

  async publishNow(topic: number, count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.#publish(topic, publish);
  }

  async publish(topic: number, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await this.#stage.turn("publish");
      await this.publishNow(topic, 1);
    }
  }

  /** Nothing when it has ended. */
  async publishLast(topic: number): Promise<void> {
    if (this.#stage.store.turn) await this.#stage.turn("publish the last");
    await this.#publish(topic, async (store, key, _count, type) => {
      this.#ended.add(topic);
      return publishLast(store, key, type);
    });
  }

  async join({ from, process = 0, isLeft = false, isSlow = false, cuts = 0 }: Join): Promise<void> {
    await this.#stage.turn("join");
    const pace = isSlow ? () => this.#pace() : undefined;
    const connections: Connection[] = [];
    const connect = (at: 0 | 1) => {
      const last = connections.at(-1);
      const lastEventId = last?.reading.ids.at(-1) ?? last?.lastEventId ?? null;
      // Who has received nothing has no id, and begins anew.
      if (lastEventId === null) connections.length = 0;
      const reading = new Reading(this.conditions.way, this.#open(at, from, lastEventId), pace);
      connections.push({ reading, lastEventId });
    };
    connect(process);
    const joined: Joined = { start: from, connections, connect, countWhenLeft: undefined };
    this.#joined.push(joined);
    for (let cut = 1; cut <= cuts; cut++) {
      await this.#stage.turn("cut a reader");
      // Not awaited: it may wait for an answer that comes when the scheduler says so.
      void connections.at(-1)?.reading[Symbol.asyncDispose]();
      connect(cut % 2 === 0 ? process : process === 0 ? 1 : 0);
    }
    if (!isLeft) return;
    const last = connections.at(-1)?.reading;
    if (last) joined.countWhenLeft = await this.#stage.leave(last);
  }

  /** The next that begins to listen, or asks where a log ends, is refused. */
  async refuse(read: "listen" | "head"): Promise<void> {
    await this.#stage.turn("refuse");
    this.#stage.store.refuse(read, 1);
  }

  /** As `loseConnection`, and whoever comes meanwhile is refused. */
  outage(): Promise<void> {
    return this.loseConnection(async () => {
      this.#stage.store.isReachable = false;
      await this.#stage.turn("end of the outage");
      this.#stage.store.isReachable = true;
    });
  }

  /** See `RaceStage`. */
  loseConnection(meanwhile?: () => Promise<void>): Promise<void> {
    return this.#stage.loseConnection(meanwhile);
  }

  /** All of them; a topic that had ended may begin anew. */
  loseLogs(growth: number): Promise<void> {
    return this.loseConnection(async () => {
      await this.#stage.write(async () => {
        await this.#stage.store.loseLogs();
        this.#wereLost = true;
        this.#ended.clear();
        for (const log of this.#logs) log.length = 0;
      });
      for (const topic of this.#topics.keys()) await this.publish(topic, growth);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stage.store.turn = undefined;
    for (const { connections } of this.#joined)
      for (const { reading } of connections) await reading[Symbol.asyncDispose]();
    await this.#stage[Symbol.asyncDispose]();
  }

  /** When the play is over everybody is quick. */
  #pace(): Promise<void> {
    return this.#stage.store.turn ? this.#stage.turn("take") : Promise.resolve();
  }

  #at(topic: number): TopicKey {
    const found = this.#topics[topic];
    if (!found) throw new Error(`There is no topic ${topic}.`);
    return found;
  }

  #publish(topic: number, commit: typeof publish): Promise<void> {
    return this.#stage.write(async () => {
      const log = this.#logs[topic];
      if (!log || this.#ended.has(topic)) return;
      const type = `${topic} event ${++this.#published}`;
      const [id = ""] = await commit(this.#stage.store, this.#at(topic), 1, type);
      log[(parseCursor(id)?.offset ?? 0) - 1] = type;
    });
  }

  #open(process: 0 | 1, start: "oldest" | "newest", lastEventId: string | null) {
    return openMerged({ hubs: this.#stage.processes[process], topics: this.#topics, start, lastEventId });
  }

  async #account({ start, connections, countWhenLeft }: Joined): Promise<void> {
    const account = new MergedAccount(this.#logs, (id) => this.#read(id));
    for (const [index, { reading, lastEventId }] of connections.entries()) {
      const isLast = index === connections.length - 1;
      if (isLast && countWhenLeft === undefined) await expectComplete(reading);
      if (isLast && countWhenLeft !== undefined) expect(reading.items).toHaveLength(countWhenLeft);
      if (lastEventId) account.resume(lastEventId);
      account.take(reading.items);
    }
    const { maxGaps, maxEvents } = this.conditions;
    account.expectGaps(maxGaps * connections.length);
    if (countWhenLeft === undefined)
      account.expectTheRest({
        isWhole: start === "oldest" && maxEvents === 1000,
        mayBeEmpty: start === "newest",
        mayHaveEndedBefore: this.#wereLost,
      });
  }

  /** Whoever was given an id and comes back with it now, to whichever process, is given what follows it. */
  async #accountResumed(id: string, process: 0 | 1): Promise<void> {
    await using reading = new Reading(this.conditions.way, this.#open(process, "oldest", id));
    await expectComplete(reading);
    const account = new MergedAccount(this.#logs, (text) => this.#read(text));
    account.resume(id);
    account.take(reading.items);
    account.expectTheRest({ isWhole: false, mayBeEmpty: false, mayHaveEndedBefore: this.#wereLost });
  }

  /** Who was refused while the store was away, or left alone by it, comes back. */
  async #comeBack({ connections, countWhenLeft, connect }: Joined): Promise<void> {
    const last = connections.at(-1);
    if (countWhenLeft !== undefined || !last?.reading.hasEnded) return;
    const error = await last.reading.ended;
    if (error === undefined) return;
    expect(error).toMatchObject({ reason: "STORE_UNAVAILABLE" });
    connect(0);
  }

  #read(id: string): readonly Place[] {
    const places = new MergedPlaces(this.#topics).read(id);
    if (!places) throw new Error(`${id} is no id over these topics.`);
    return places;
  }
}
