import type { Cursor } from "@jobwire/shared";
import type { Place } from "./store-commands.js";

/** Which epoch of the store is which of the model's. Two of one topic are never the same. */
export class EpochNames {
  readonly #names = new Map<string, string>();
  readonly #epochs = new Map<string, string>();

  learn(place: Place, expected: Cursor | undefined, actual: Cursor): void {
    if (!expected || this.#epochs.has(expected.epoch)) return;
    this.#epochs.set(expected.epoch, actual.epoch);
    if (!this.#names.has(keyOf(place, actual.epoch)))
      this.#names.set(keyOf(place, actual.epoch), expected.epoch);
  }

  nameOf(place: Place, epoch: string): string {
    return this.#names.get(keyOf(place, epoch)) ?? `unknown ${epoch}`;
  }

  epochOf(name: string): string {
    return this.#epochs.get(name) ?? "0000";
  }

  /** The topic's life so many before this one. */
  before(place: Place, name: string, lives: number): string | undefined {
    const prefix = keyOf(place, "");
    const others = [...this.#names].filter(([key, other]) => key.startsWith(prefix) && other !== name);
    return others.at(-lives)?.[1];
  }
}

function keyOf({ scope, topic }: Place, epoch: string): string {
  return `${scope} ${topic} ${epoch}`;
}
