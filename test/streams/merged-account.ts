import { formatCursor, type Cursor } from "@jobwire/shared";
import { expect } from "vitest";
import type { Place } from "../../server/src/streams/merged-places.js";
import type { Reading } from "./reading.js";

/** Where a reader is in one topic, and what it was given since the last gap or since it began. */
interface Walked {
  /** `null`: nothing was said of it yet. */
  position: Cursor | "ended" | null;
  from: number | undefined;
  events: [number, string][];
  gaps: number;
}

interface Rest {
  /** It began with the first event. */
  readonly isWhole: boolean;
  /** It began wherever its topics were then. */
  readonly mayBeEmpty: boolean;
  /** Logs were lost: a topic may have ended and begun anew. */
  readonly mayHaveEndedBefore: boolean;
}

/** Accounts for what one reader of several topics was given, over all its connections. */
export class MergedAccount {
  readonly #topics: Walked[];

  constructor(
    /** Of each topic: what its log says in the end. */
    private readonly logs: readonly (readonly string[])[],
    private readonly read: (id: string) => readonly Place[],
  ) {
    this.#topics = logs.map(() => ({ position: null, from: undefined, events: [], gaps: 0 }));
  }

  /** The reader comes back with this id: what follows it in each topic is to come. */
  resume(id: string): void {
    for (const [index, place] of this.read(id).entries()) {
      const walked = this.#walked(index);
      walked.position = place;
      if (place !== "ended") walked.from ??= place.offset;
    }
  }

  /** From item to item: each event is the next one of its topic, and an id moves in the topic of its event alone. */
  take(items: Reading["items"]): void {
    for (const { id, event } of items) {
      const isGap = "reason" in event;
      const index = Number(isGap ? event.topic : event.type.split(" ", 1)[0]);
      const places = this.read(id);
      const walked = this.#walked(index);
      const { position } = walked;
      if (position === "ended") throw new Error(`${event.type} came after the end of its topic.`);
      const place = places[index];
      if (!place) throw new Error(`${id} has no place in topic ${index}.`);
      if (isGap) {
        if (place === "ended") throw new Error(`${id} leads to no place after the gap.`);
        if (position) expect(event.from).toBe(formatCursor(position));
        expect(event.to).toBe(formatCursor(place));
        Object.assign(walked, { position: place, from: place.offset, events: [], gaps: walked.gaps + 1 });
      } else {
        const offset = place === "ended" ? (position?.offset ?? this.#end(index) - 1) + 1 : place.offset;
        if (position) expect(offset, `${event.type} at ${id}`).toBe(position.offset + 1);
        walked.from ??= offset - 1;
        walked.events.push([offset, event.type]);
        walked.position = place;
      }
      for (const [other, otherPlace] of places.entries())
        if (other !== index) this.#expectUnmoved(other, otherPlace);
    }
  }

  expectGaps(max: number): void {
    for (const { gaps } of this.#topics) expect(gaps).toBeLessThanOrEqual(max);
  }

  /** Everything after where the reader began, or after its last gap, was given. */
  expectTheRest({ isWhole, mayBeEmpty, mayHaveEndedBefore }: Rest): void {
    for (const [index, { from, events, gaps, position }] of this.#topics.entries()) {
      const log = this.#logEntries(index);
      if (mayBeEmpty && from === undefined) continue;
      if (mayHaveEndedBefore && position === "ended" && events.at(-1)?.[1] !== log.at(-1)?.[1]) continue;
      if (isWhole && gaps === 0) expect(from, `the beginning of topic ${index}`).toBe(0);
      if (from === undefined) expect(position, `topic ${index}`).toBe("ended");
      else expect(events).toEqual(log.filter(([offset]) => offset > from));
    }
  }

  #expectUnmoved(index: number, place: Place): void {
    const walked = this.#walked(index);
    if (place === "ended") walked.position = "ended";
    else if (walked.position === null || walked.position === "ended") expect(walked.position).toBeNull();
    else expect(place).toMatchObject({ offset: walked.position.offset });
  }

  #end(index: number): number {
    return this.logs[index]?.length ?? 0;
  }

  #logEntries(index: number): [number, string][] {
    return (this.logs[index] ?? []).map((type, at) => [at + 1, type]);
  }

  #walked(index: number): Walked {
    const walked = this.#topics[index];
    if (!walked) throw new Error(`There is no topic ${index}.`);
    return walked;
  }
}
