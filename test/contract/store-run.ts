import { randomUUID } from "node:crypto";
import type { Cursor } from "@jobwire/shared";
import fc from "fast-check";
import { expect } from "vitest";
import type { RedisCommands } from "../../server/src/store/redis-commands.js";
import { redisKeys } from "../support/redis-keys.js";
import type { Commit, StateQuery, Store, TopicKey } from "../../server/src/store/store.js";
import { EpochNames } from "./epoch-names.js";
import { commandArbitrary, maxEvents, scopes, topics } from "./store-commands.js";
import type { Command, From, Place } from "./store-commands.js";
import { RecordingListener, eventually, upTo } from "./store-fixtures.js";
import { StoreModel } from "./store-model.js";

/** What can befall the data of a store, done past its port where that has no word for it. */
export interface Harm {
  /** The topic is gone with everything in it. */
  lose(topic: TopicKey): Promise<void>;
  /** As after a failover to a replica that was behind: the log ends with this offset. */
  setBack?(topic: TopicKey, offset: number): Promise<void>;
}

const maxCommands = 30;

/**
 * Whatever is asked of the store, in any order, it answers as the model does. fast-check prints the seed and the
 * shortest sequence that fails.
 */
export async function holdsAgainstModel(opened: Store, harm: Harm, numRuns: number): Promise<void> {
  await using store = opened;
  const commands = fc.array(commandArbitrary, { minLength: 1, maxLength: maxCommands, size: "max" });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const run = new Run(store, harm);
      await run.begin();
      for (const command of sequence) await run.execute(command);
      await run.end();
    }),
    { numRuns },
  );
}

export function harmOfMemory(store: Store): Harm {
  return {
    async lose({ scope, topic }) {
      await store.commit({ scope, events: [], closedTopics: [topic], retainMs: 0 });
    },
  };
}

export function harmOfRedis(admin: RedisCommands): Harm {
  return {
    async lose(topic) {
      await admin.del(redisKeys.head(topic), redisKeys.log(topic));
    },
    async setBack(topic, offset) {
      const log = redisKeys.log(topic);
      const lost = await admin.xrange(log, `${offset + 1}-0`, "+");
      if (lost.length === 0) return;
      // Valkey lets no log forget that it had entries: it is another one that has the others.
      const [kept, ttl] = [await admin.xrange(log, "-", `${offset}-0`), await admin.pttl(log)];
      await admin.del(log);
      for (const [id, fields] of kept) await admin.xadd(log, id, ...fields);
      if (kept.length === 0 && offset > 0) {
        await admin.xadd(log, `${offset}-0`, "lost", "1");
        await admin.xdel(log, `${offset}-0`);
      }
      if (ttl > 0) await admin.pexpire(log, ttl);
      await admin.hset(redisKeys.head(topic), { offset, closed: 0 });
    },
  };
}

/** One sequence of commands, carried out on the store and on the model; scopes are this run's own. */
class Run {
  readonly #id = randomUUID();
  readonly #model = new StoreModel(maxEvents);
  readonly #epochs = new EpochNames();
  readonly #listeners = new Map<string, JoinedListener[]>();

  constructor(
    private readonly store: Store,
    private readonly harm: Harm,
  ) {}

  /** One listener of every topic is there from the beginning to the end. */
  async begin(): Promise<void> {
    for (const place of places) await this.#join(place);
  }

  async end(): Promise<void> {
    for (const place of places)
      while ((this.#listeners.get(nameOf(place))?.length ?? 0) > 0) await this.#leave(place);
  }

  async execute(command: Command): Promise<void> {
    switch (command.do) {
      case "commit":
        return this.#commit(command.commit);
      case "replay":
        return this.#replay(command.place, command.from, command.limit);
      case "head":
        await this.#head(command.place);
        return;
      case "join":
        return this.#join(command.place);
      case "leave":
        // The first one stays.
        if ((this.#listeners.get(nameOf(command.place))?.length ?? 0) > 1) await this.#leave(command.place);
        return;
      case "lose":
        this.#model.lose(command.place);
        return this.harm.lose(this.#own(command.place));
      case "fork":
        return this.#fork(command.place, command.back);
      case "set back":
        return this.#setBack(command.place, command.back);
      case "list":
        await this.#count(command.query);
        expect(await this.store.listStates(this.#own(command.query))).toEqual(
          this.#model.listStates(command.query),
        );
        return this.#lists(command.query);
    }
  }

  async #count({ after: _after, ...query }: StateQuery): Promise<void> {
    const all = this.#model.listStates({ ...query, order: "ascending", limit: 100 });
    expect(await this.store.countListed(this.#own(query))).toBe(all.items.length);
  }

  async #lists({ scope, limit }: StateQuery): Promise<void> {
    const own = this.#own({ scope, limit });
    expect(await this.store.countStates(own.scope)).toEqual(this.#model.countStates(scope));
    expect((await this.store.listDue(own)).items).toEqual(this.#model.listDue({ scope, limit }));
    expect(await this.store.nextDue(own.scope)).toBe(this.#model.nextDue(scope));
  }

  /** Who joins later hears what is committed from then on, so what was committed before must be through. */
  async #join(place: Place): Promise<void> {
    const joined = this.#listeners.get(nameOf(place)) ?? [];
    this.#listeners.set(nameOf(place), joined);
    if (joined[0]) await this.#hasHeardAll(joined[0], place);
    const listener = new RecordingListener();
    const from = this.#model.messages(place).length;
    joined.push({ listener, from, listening: await this.store.listen(this.#own(place), listener) });
  }

  async #leave(place: Place): Promise<void> {
    const leaving = this.#listeners.get(nameOf(place))?.pop();
    if (!leaving) return;
    await this.#hasHeardAll(leaving, place);
    await leaving.listening[Symbol.asyncDispose]();
  }

  async #hasHeardAll({ listener, from }: JoinedListener, place: Place): Promise<void> {
    const expected = this.#model.messages(place).slice(from);
    await eventually(() => expect(listener.messages.length).toBeGreaterThanOrEqual(expected.length));
    const heard = listener.messages.map((message) => ({
      ...message,
      epoch: this.#epochs.nameOf(place, message.epoch),
    }));
    expect(heard).toEqual(expected);
  }

  async #fork(place: Place, back: number): Promise<void> {
    const { epoch, offset } = await this.#head(place);
    const shared = Math.max(0, offset - back);
    this.#model.fork(place, shared);
    await this.store.fork(this.#own(place), { epoch, offset: shared });
    await this.#head(place);
  }

  async #setBack(place: Place, back: number): Promise<void> {
    if (!this.harm.setBack) return;
    await this.#head(place);
    const { offset } = this.#model.setBack(place, back);
    await this.harm.setBack(this.#own(place), offset);
    await this.#head(place);
  }

  async #commit({ events, ...rest }: Commit): Promise<void> {
    const commit = { ...rest, events: this.#withoutEventsAfterLast(rest.scope, events) };
    const expected = this.#model.commit(commit);
    const committed = await this.store.commit(this.#own(commit));
    if (!committed.accepted || !expected.accepted) {
      expect(committed).toEqual(expected);
    } else {
      const cursors = committed.cursors.map((cursor, index) => {
        const topic = { scope: commit.scope, topic: commit.events[index]?.topic ?? "" };
        this.#epochs.learn(topic, expected.cursors[index], cursor);
        return { ...cursor, epoch: this.#epochs.nameOf(topic, cursor.epoch) };
      });
      expect(cursors).toEqual(expected.cursors);
    }
    if (!commit.state) return;
    const key = { scope: commit.scope, key: commit.state.key };
    expect(await this.store.readState(this.#own(key))).toEqual(this.#model.readState(key));
  }

  async #head(place: Place): Promise<Cursor> {
    const expected = this.#model.head(place);
    const head = await this.store.head(this.#own(place));
    this.#epochs.learn(place, expected.cursor, head.cursor);
    const epoch = this.#epochs.nameOf(place, head.cursor.epoch);
    expect({ ...head, cursor: { ...head.cursor, epoch } }).toEqual(expected);
    return head.cursor;
  }

  async #replay(place: Place, { of, back, lives }: From, limit: number): Promise<void> {
    const head = await this.#head(place);
    const offset = Math.max(0, head.offset - back);
    const now = this.#epochs.nameOf(place, head.epoch);
    const epoch = of === "now" ? now : of === "before" ? this.#epochs.before(place, now, lives) : undefined;
    const real = epoch === undefined ? "0000" : this.#epochs.epochOf(epoch);
    const expected = this.#model.replay(
      place,
      of === "null" ? null : { epoch: epoch ?? "never", offset },
      limit,
    );
    const replay = await this.store.replay(
      this.#own(place),
      of === "null" ? null : { epoch: real, offset },
      upTo(limit),
    );
    const named = (cursor: Cursor) => ({ ...cursor, epoch: this.#epochs.nameOf(place, cursor.epoch) });
    expect(
      replay.kind === "gap"
        ? { ...replay, resumeAfter: named(replay.resumeAfter) }
        : { ...replay, head: { ...replay.head, cursor: named(replay.head.cursor) } },
    ).toEqual(expected);
  }

  #own<Scoped extends { readonly scope: string }>(scoped: Scoped): Scoped {
    return { ...scoped, scope: `${scoped.scope}${this.#id}` };
  }

  /** Nobody writes to a closed topic: the model does not say what happens then. */
  #withoutEventsAfterLast(scope: string, events: Commit["events"]): Commit["events"] {
    const closed = new Set<string>();
    return events.filter(({ topic, last }) => {
      if (closed.has(topic) || this.#model.isClosed({ scope, topic })) return false;
      if (last) closed.add(topic);
      return true;
    });
  }
}

interface JoinedListener {
  readonly listener: RecordingListener;
  /** How many messages of the topic there had been. */
  readonly from: number;
  readonly listening: AsyncDisposable;
}

const places = scopes.flatMap((scope) => topics.map((topic): Place => ({ scope, topic })));

function nameOf({ scope, topic }: Place): string {
  return `${scope} ${topic}`;
}
