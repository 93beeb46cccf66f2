import { timerMs } from "../timer-ms.js";

/** How long an inbox waits, and how it shows what has come. */
export interface InboxOptions<Item> {
  /** How long to wait for an item before giving up. 4000 when left out: less than a test of Vitest may take. */
  readonly timeoutMs?: number;
  /** How an item is shown when one does not come. JSON when left out. */
  readonly show?: (item: Item) => string;
}

/** Things that arrive one by one, and a way to wait for one of them. Ends once, with an error or without. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  readonly #timeoutMs: number;
  readonly #show: (item: Item) => string;
  readonly #waiting = new Set<() => void>();
  #end: { readonly error: Error | undefined } | undefined;

  constructor({ timeoutMs = 4000, show = showJson }: InboxOptions<Item> = {}) {
    this.#timeoutMs = timeoutMs;
    this.#show = show;
  }

  /** One more has come. */
  push(item: Item): void {
    this.items.push(item);
    this.#wake();
  }

  /** No more can come; the first end counts. */
  end(error?: unknown): void {
    const isError = error === undefined || error instanceof Error;
    this.#end ??= { error: isError ? error : new Error("It was no Error that ended it.", { cause: error }) };
    this.#wake();
  }

  /**
   * The first item, also of those that are here already, for which this is so.
   * @throws Error that shows what has come instead, when none came in time or none can come any more.
   */
  async until(isWanted: (item: Item, index: number) => boolean): Promise<Item> {
    const wanted = isWanted.toString();
    let seen = 0;
    const find = () => {
      for (; seen < this.items.length; seen++) {
        const item = this.items[seen];
        if (item !== undefined && isWanted(item, seen)) return { item };
      }
      return undefined;
    };
    const found = await this.#wait(() => find() ?? this.#end, wanted);
    if ("item" in found) return found.item;
    const reason = found.error === undefined ? "completed" : `failed: ${found.error.message}`;
    throw new Error(`It ${reason}. Waited for ${wanted}\n${this.#received()}`, { cause: found.error });
  }

  /** The first `count` items, as soon as there are as many. */
  async first(count: number): Promise<Item[]> {
    if (count > 0) await this.until((_, index) => index === count - 1);
    return this.items.slice(0, count);
  }

  /** What it ended with: `undefined` for no error. */
  async ended(): Promise<Error | undefined> {
    return (await this.#wait(() => this.#end, "its end")).error;
  }

  /** Looks again whenever something has come, until there is a result. */
  #wait<Result>(look: () => Result | undefined, wanted: string): Promise<Result> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(attempt);
        act();
      };
      const attempt = () => {
        try {
          const result = look();
          if (result !== undefined) settle(() => resolve(result));
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      };
      const giveUp = () =>
        reject(new Error(`Waited ${this.#timeoutMs} ms for ${wanted}\n${this.#received()}`));
      const timer = setTimeout(() => settle(giveUp), timerMs(this.#timeoutMs));
      this.#waiting.add(attempt);
      attempt();
    });
  }

  #wake(): void {
    for (const attempt of this.#waiting) attempt();
  }

  #received(): string {
    const skipped = Math.max(0, this.items.length - mostShown);
    const lines = this.items.slice(skipped).map((item, index) => {
      const text = this.#show(item);
      return `  ${skipped + index + 1}. ${text.length > longestShown ? `${text.slice(0, longestShown)}…` : text}`;
    });
    return [`${this.items.length} received${lines.length > 0 ? ":" : "."}`, ...lines].join("\n");
  }
}

const mostShown = 20;
const longestShown = 300;

function showJson(item: unknown): string {
  return JSON.stringify(item) ?? String(item);
}
