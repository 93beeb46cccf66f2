import { parseCursor } from "@jobwire/shared";
import type { Scheduler } from "fast-check";
import { expect } from "vitest";
import { inOrder, MergedPlaces, type Place } from "../../server/src/streams/merged-places.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import type { TopicKey } from "../../server/src/store/store.js";
import { MergedAccount } from "./merged-account.js";
import { expectComplete, letAllThrough } from "./race-run.js";
import { newTopic, openMerged, publish, publishLast, Reading, type ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

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
  readonly #store: TroubledStore;
  readonly #processes: readonly [TopicHubs, TopicHubs];
  readonly #topics: readonly TopicKey[];
  readonly #joined: Joined[] = [];
  /** Of each topic: the types of its log's events; each event has a type of its own. */
  readonly #logs: string[][];
  readonly #ended = new Set<number>();
  #wereLost = false;
  #published = 0;
  #writing: Promise<void> = Promise.resolve();
  #messages: Promise<unknown> = Promise.resolve();
  #cuts = 0;

  constructor(private readonly conditions: MergedRaceConditions) {
    this.#store = new TroubledStore(conditions.maxEvents);
    this.#processes = [new TopicHubs(this.#store, rethrow), new TopicHubs(this.#store, rethrow)];
    // In the order in which ids name them.
    this.#topics = inOrder(Array.from({ length: topicCount }, newTopic), (topic) => topic);
    this.#logs = this.#topics.map(() => []);
    this.#store.turn = (name) => this.#turn(name);
    this.#store.passage = (message, deliver) => {
      if (this.#cuts > 0) return;
      const delivered = this.#turn("message").then(() => deliver(message));
      this.#messages = Promise.all([this.#messages, delivered]);
    };
  }

  /** Plays, lets everything come to its end, closes what is open, and accounts for every stream and every id it gave. */
  async play(actors: (run: this) => Promise<unknown>): Promise<void> {
    const played = actors(this);
    await letAllThrough(this.conditions.scheduler, maxLetThrough);
    await played;
    this.#store.turn = undefined;
    this.#store.deliverMessages();
    this.#store.restore();
    for (const read of ["listen", "head"] as const) this.#store.refuse(read, 0);
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
      await this.#turn("publish");
      await this.publishNow(topic, 1);
    }
  }

  /** Nothing when it has ended. */
  async publishLast(topic: number): Promise<void> {
    if (this.#store.turn) await this.#turn("publish the last");
    await this.#publish(topic, async (store, key, _count, type) => {
      this.#ended.add(topic);
      return publishLast(store, key, type);
    });
  }

  async join({ from, process = 0, isLeft = false, isSlow = false, cuts = 0 }: Join): Promise<void> {
    await this.#turn("join");
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
      await this.#turn("cut a reader");
      // Not awaited: it may wait for an answer that comes when the scheduler says so.
      void connections.at(-1)?.reading[Symbol.asyncDispose]();
      connect(cut % 2 === 0 ? process : process === 0 ? 1 : 0);
    }
    if (!isLeft) return;
    await this.#turn("leave");
    const last = connections.at(-1)?.reading;
    joined.countWhenLeft = last?.items.length ?? 0;
    void last?.[Symbol.asyncDispose]();
  }

  /** The next that begins to listen, or asks where a log ends, is refused. */
  async refuse(read: "listen" | "head"): Promise<void> {
    await this.#turn("refuse");
    this.#store.refuse(read, 1);
  }

  /** As `loseConnection`, and whoever comes meanwhile is refused. */
  outage(): Promise<void> {
    return this.loseConnection(async () => {
      this.#store.isReachable = false;
      await this.#turn("end of the outage");
      this.#store.isReachable = true;
    });
  }

  /** Messages are lost for a while, until the store says that it is back. */
  async loseConnection(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.#turn("cut");
    this.#cuts += 1;
    await meanwhile();
    await this.#turn("mend");
    await Promise.all([this.#store.answered(), this.#messages]);
    this.#cuts -= 1;
    this.#store.restore();
  }

  /** All of them; a topic that had ended may begin anew. */
  loseLogs(growth: number): Promise<void> {
    return this.loseConnection(async () => {
      await this.#write(async () => {
        await this.#store.loseLogs();
        this.#wereLost = true;
        this.#ended.clear();
        for (const log of this.#logs) log.length = 0;
      });
      for (const topic of this.#topics.keys()) await this.publish(topic, growth);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#store.turn = undefined;
    for (const { connections } of this.#joined)
      for (const { reading } of connections) await reading[Symbol.asyncDispose]();
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  /** What changes the logs happens one after the other, as in a store. */
  #write(change: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(change);
    return this.#writing;
  }

  #turn(name: string): Promise<void> {
    return this.conditions.scheduler.schedule(Promise.resolve(), name);
  }

  /** When the play is over everybody is quick. */
  #pace(): Promise<void> {
    return this.#store.turn ? this.#turn("take") : Promise.resolve();
  }

  #at(topic: number): TopicKey {
    const found = this.#topics[topic];
    if (!found) throw new Error(`There is no topic ${topic}.`);
    return found;
  }

  #publish(topic: number, commit: typeof publish): Promise<void> {
    return this.#write(async () => {
      const log = this.#logs[topic];
      if (!log || this.#ended.has(topic)) return;
      const type = `${topic} event ${++this.#published}`;
      const [id = ""] = await commit(this.#store, this.#at(topic), 1, type);
      log[(parseCursor(id)?.offset ?? 0) - 1] = type;
    });
  }

  #open(process: 0 | 1, start: "oldest" | "newest", lastEventId: string | null) {
    return openMerged({ hubs: this.#processes[process], topics: this.#topics, start, lastEventId });
  }

  async #account({ start, connections, countWhenLeft }: Joined): Promise<void> {
    const account = new MergedAccount(this.#logs, (id) => this.#read(id));
    for (const [index, { reading, lastEventId }] of connections.entries()) {
      const isLast = index === connections.length - 1;
      if (isLast && countWhenLeft === undefined) await expectComplete(reading);
      // What was yielded may be on its way to whoever leaves.
      if (isLast && countWhenLeft !== undefined)
        expect(reading.items.length - countWhenLeft).toBeLessThanOrEqual(
          this.conditions.way === "iterated" ? 1 : 0,
        );
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

function rethrow(error: unknown): never {
  throw error;
}
