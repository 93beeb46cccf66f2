import { createHash } from "node:crypto";
import { formatCursor, parseCursor, type Cursor } from "@jobwire/shared";
import type { TopicKey } from "../store/store.js";
import type { Frame, FrameBatch } from "./frame.js";

/** Where a stream is in one of its topics. */
export type Place = Cursor | "ended";

/** In place of a cursor: nothing follows in this topic. */
export const endedPlace = "!";

/**
 * Where a stream over several topics is in each of them, as one id: `m.`, which topics these are, and their places. The
 * topics go by their names, so that a stream that names them in another order goes on all the same.
 */
export class MergedPlaces {
  readonly #texts: string[];
  readonly #prefix: string;
  #id: string | undefined;

  /** @param topics in the order of `inOrder`. */
  constructor(topics: readonly TopicKey[]) {
    const names = topics.map(nameOf).join("\n");
    this.#prefix = `m.${createHash("sha256").update(names).digest("hex").slice(0, 12)}`;
    this.#texts = topics.map(() => endedPlace);
  }

  set(index: number, cursorText: string): void {
    this.#texts[index] = cursorText;
    this.#id = undefined;
  }

  end(index: number): void {
    this.set(index, endedPlace);
  }

  /** Moves on in one topic. @returns the id after each of these frames. */
  take(index: number, batch: FrameBatch): readonly string[] {
    const ids = batch.idsFrom(this.id, () =>
      batch.frames.map((frame) => {
        this.set(index, placeAfter(frame));
        return this.id;
      }),
    );
    const newest = batch.frames.at(-1);
    if (newest) this.set(index, placeAfter(newest));
    this.#id = ids.at(-1);
    return ids;
  }

  isEnded(index: number): boolean {
    return this.#texts[index] === endedPlace;
  }

  /** The id that leads to where the stream is now. */
  get id(): string {
    return (this.#id ??= `${this.#prefix}.${this.#texts.join(".")}`);
  }

  /** @returns the place in each topic; `null` when the id is none of a stream over these topics. */
  read(id: string): readonly Place[] | null {
    if (!id.startsWith(`${this.#prefix}.`)) return null;
    const texts = id.slice(this.#prefix.length + 1).split(".");
    if (texts.length !== this.#texts.length) return null;
    const places: Place[] = [];
    for (const text of texts) {
      const place = text === endedPlace ? "ended" : parseCursor(text);
      if (place === null) return null;
      places.push(place);
    }
    return places;
  }

  moveTo(places: readonly Place[]): void {
    for (const [index, place] of places.entries())
      this.set(index, place === "ended" ? endedPlace : formatCursor(place));
  }
}

function placeAfter({ id, last }: Frame): string {
  return last ? endedPlace : id;
}

/** The order in which an id has its places. */
export function inOrder<Item>(items: readonly Item[], topicOf: (item: Item) => TopicKey): Item[] {
  return items.toSorted((one, other) => (nameOf(topicOf(one)) < nameOf(topicOf(other)) ? -1 : 1));
}

export function nameOf({ scope, topic }: TopicKey): string {
  return JSON.stringify([scope, topic]);
}
