import type { Cursor } from "@jobwire/shared";
import type { Flushable, FlushQueue } from "./flush-queue.js";
import { FrameBatch, isRemoval, type Frame } from "./frame.js";
import type { BatchWriter } from "./frame-sink.js";

/** A stream that has caught up with its topic and takes what comes as it comes. */
export interface Follower {
  /** Only these types, when given. */
  readonly types: ReadonlySet<string> | undefined;
  readonly output: BatchWriter;
  /** Everybody who wants the same types has been written to, this one last. */
  onFlushed(receivedAtMs: number): void;
  /** The topic is closed: nothing follows. */
  onEnd(): void;
  /** The hub moves to another log, or closes, and lets everybody go: ask again what follows this position. */
  onReleased(position: Cursor): void;
}

/**
 * All followers of one topic. What is published in one turn of the event loop, or in a span of time, goes out as one write per connection:
 * joined once for each set of types, then handed to everybody who wants that set.
 */
export class Followers implements Flushable {
  readonly #groups = new Map<string, Group>();
  #pending: Frame[] = [];
  #receivedAtMs = 0;

  constructor(private readonly flushes: Pick<FlushQueue, "add">) {}

  /** The follower has everything that was published so far. */
  add(follower: Follower): void {
    this.flush();
    const key = groupKey(follower.types);
    let group = this.#groups.get(key);
    if (!group) this.#groups.set(key, (group = { types: follower.types, members: new Set() }));
    group.members.add(follower);
  }

  delete(follower: Follower): void {
    const key = groupKey(follower.types);
    const group = this.#groups.get(key);
    if (group?.members.delete(follower) && group.members.size === 0) this.#groups.delete(key);
  }

  publish(frame: Frame): void {
    if (this.#groups.size === 0) return;
    if (this.#pending.length === 0) {
      this.#receivedAtMs = performance.now();
      this.flushes.add(this);
    }
    this.#pending.push(frame);
  }

  /** Hands out what is pending, now. */
  flush(): void {
    const frames = this.#pending;
    if (frames.length === 0) return;
    this.#pending = [];
    const isEnd = frames.at(-1)?.last === true;
    const sent = isEnd ? frames.filter((frame) => !isRemoval(frame)) : frames;
    for (const { types, members } of this.#groups.values()) {
      const wanted = types ? sent.filter(({ type }) => types.has(type)) : sent;
      const batch = wanted.length > 0 ? new FrameBatch(wanted) : undefined;
      let last: Follower | undefined;
      for (const follower of members) {
        if (batch) follower.output.write(batch);
        if (isEnd) follower.onEnd();
        last = follower;
      }
      if (batch) last?.onFlushed(this.#receivedAtMs);
    }
  }

  /** Hands out what is pending and lets everybody go. */
  release(): Follower[] {
    this.flush();
    const all = [...this.#groups.values()].flatMap(({ members }) => [...members]);
    this.#groups.clear();
    return all;
  }
}

interface Group {
  readonly types: ReadonlySet<string> | undefined;
  readonly members: Set<Follower>;
}

export function groupKey(types: ReadonlySet<string> | undefined): string {
  return types ? [...types].toSorted().join(" ") : "";
}
