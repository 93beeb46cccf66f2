import { formatCursor, parseCursor, type Cursor } from "@jobwire/shared";
import type { Scheduler } from "fast-check";
import { expect } from "vitest";
import { Reading, newTopic, publish, publishLast, type ways } from "./reading.js";
import { expectComplete, RaceStage } from "./race-stage.js";
import { upTo } from "../contract/store-fixtures.js";

export interface RaceConditions {
  readonly scheduler: Scheduler;
  readonly way: (typeof ways)[number];
  readonly maxEvents: number;
  /** Where a log that is set back ends then, and how much it grows again before anybody notices. */
  readonly setBackTo: number;
  readonly growth: number;
  /** At most so many gaps are said to each stream. */
  readonly maxGaps: number;
}

interface Join {
  /** `newest`, `oldest`, or after the event with this offset. */
  readonly from: "newest" | "oldest" | number;
  readonly process?: 0 | 1;
  /** The reader goes away at some moment. */
  readonly isLeft?: boolean;
}

interface Joined {
  readonly reading: Reading;
  readonly after: Cursor | null;
  readonly start: "newest" | "oldest";
  /** How much it had received when its reader went away. */
  countWhenLeft: number | undefined;
}

/** Far more calls, answers and messages than any race needs. */
const maxLetThrough = 1000;

/** One topic, two processes, and everything that happens to them when the scheduler says so. */
export class RaceRun implements AsyncDisposable {
  readonly #stage: RaceStage;
  readonly #topic = newTopic();
  readonly #joined: Joined[] = [];
  /** The types of the log's events; each event has a type of its own. */
  readonly #log: string[] = [];
  /** What whoever has received an event has received by then, if it is all of a log. */
  readonly #history: { readonly id: string; readonly types: readonly string[] }[] = [];
  #published = 0;

  constructor(private readonly conditions: RaceConditions) {
    const { scheduler, maxEvents } = conditions;
    this.#stage = new RaceStage({ scheduler, maxEvents, maxLetThrough });
  }

  /** Plays, lets everything that is under way come to its end, closes the topic, and accounts for every stream. */
  async play(actors: (run: this) => Promise<unknown>): Promise<void> {
    await this.#stage.play(actors(this));
    if (!(await this.#stage.store.head(this.#topic)).closed) await this.publishLast();
    await this.#checkLog();
    const log = new Map(this.#log.map((type, index) => [index + 1, type]));
    for (const joined of this.#joined) await this.#account(joined, log);
    const received = new Set(
      this.#joined.flatMap(({ reading }) => reading.items.map(({ id, event }) => `${id} ${event.type}`)),
    );
    for (const past of this.#history) {
      if (received.has(`${past.id} ${past.types.at(-1)}`)) await this.#accountResumed(past, log);
    }
  }

  async publishNow(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const type = `event ${++this.#published}`;
      await this.#stage.write(async () =>
        this.#note(type, await publish(this.#stage.store, this.#topic, 1, type)),
      );
    }
  }

  async publish(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await this.#stage.turn("publish");
      await this.publishNow(1);
    }
  }

  async publishLast(): Promise<void> {
    if (this.#stage.store.turn) await this.#stage.turn("publish the last");
    const type = `event ${++this.#published}`;
    this.#note(type, await publishLast(this.#stage.store, this.#topic, type));
  }

  async join({ from, process = 0, isLeft = false }: Join): Promise<void> {
    const start = from === "newest" ? "newest" : "oldest";
    const after = typeof from === "number" ? parseCursor(this.#history[from - 1]?.id ?? "") : null;
    await this.#stage.turn("join");
    const reading = this.#open({ after, start, process });
    const joined: Joined = { reading, after, start, countWhenLeft: undefined };
    this.#joined.push(joined);
    if (!isLeft) return;
    joined.countWhenLeft = await this.#stage.leave(reading);
  }

  /** See `RaceStage`. */
  loseConnection(meanwhile?: () => Promise<void>): Promise<void> {
    return this.#stage.loseConnection(meanwhile);
  }

  loseLog(): Promise<void> {
    return this.loseConnection(async () => {
      await this.#stage.write(async () => {
        await this.#stage.store.loseLogs();
        this.#log.length = 0;
      });
      await this.publish(this.conditions.growth);
    });
  }

  /** To an earlier end, as after a failover to a replica that was behind. */
  setBack(): Promise<void> {
    return this.loseConnection(async () => {
      const { setBackTo, growth } = this.conditions;
      await this.#stage.write(async () => {
        const offset = Math.min(setBackTo, this.#log.length);
        await this.#stage.store.setBack(this.#topic, offset);
        this.#log.length = offset;
      });
      await this.publish(growth);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stage.store.turn = undefined;
    for (const { reading } of this.#joined) await reading[Symbol.asyncDispose]();
    await this.#stage[Symbol.asyncDispose]();
  }

  #open({ after, start, process }: Pick<Joined, "after" | "start"> & { readonly process: 0 | 1 }): Reading {
    const hubs = this.#stage.processes[process];
    return new Reading(this.conditions.way, { hubs, topic: this.#topic, after, start });
  }

  #note(type: string, [id = ""]: readonly string[]): void {
    const offset = parseCursor(id)?.offset ?? 0;
    this.#log[offset - 1] = type;
    this.#history.push({ id, types: this.#log.slice(0, offset) });
  }

  async #checkLog(): Promise<void> {
    const replay = await this.#stage.store.replay(this.#topic, null, upTo(1000));
    if (replay.kind === "gap") throw new Error("From the oldest event there is no gap.");
    for (const { offset, type } of replay.entries) expect(type).toBe(this.#log[offset - 1]);
    expect(replay.head.cursor.offset).toBe(this.#log.length);
  }

  async #account(joined: Joined, log: ReadonlyMap<number, string>): Promise<void> {
    const { reading, after, start, countWhenLeft } = joined;
    if (countWhenLeft === undefined) await expectComplete(reading);
    else expect(reading.items).toHaveLength(countWhenLeft);
    const { position: end, tail } = this.#walk(reading, after);
    expect(reading.gaps.length).toBeLessThanOrEqual(this.conditions.maxGaps);
    if (countWhenLeft !== undefined || (start === "newest" && !end)) return;
    if (start === "oldest" && !after && reading.gaps.length === 0 && this.conditions.maxEvents === 1000)
      expect(tail.from).toBe(0);
    expect(tail.events).toEqual([...log].filter(([offset]) => offset > tail.from));
  }

  /** Somebody who had received so much and then was away goes on where the log still says the same, else hears of a gap. */
  async #accountResumed(
    { id, types }: { readonly id: string; readonly types: readonly string[] },
    log: ReadonlyMap<number, string>,
  ): Promise<void> {
    const after = parseCursor(id);
    for (const process of [0, 1] as const) {
      await using reading = this.#open({ after, start: "oldest", process });
      await expectComplete(reading);
      const { tail } = this.#walk(reading, after);
      expect(tail.events).toEqual([...log].filter(([offset]) => offset > tail.from));
      if (reading.gaps.length > 0) continue;
      for (const [index, type] of types.entries()) expect(log.get(index + 1) ?? type).toBe(type);
    }
  }

  /** From item to item: each event is the next one and was published, each gap begins where the stream was. */
  #walk({ items }: Reading, after: Cursor | null) {
    let position = after;
    let tail: { from: number; events: [number, string][] } = { from: after?.offset ?? NaN, events: [] };
    for (const { id, event } of items) {
      const cursor = parseCursor(id);
      if (!cursor) throw new Error(`${id} is no cursor.`);
      if ("reason" in event) {
        if (position) expect(event.from).toBe(formatCursor(position));
        tail = { from: cursor.offset, events: [] };
      } else {
        if (position) expect(cursor.offset).toBe(position.offset + 1);
        else tail.from = cursor.offset - 1;
        expect(this.#history.some((past) => past.types.at(-1) === event.type)).toBe(true);
        tail.events.push([cursor.offset, event.type]);
      }
      position = cursor;
    }
    return { position, tail };
  }
}
