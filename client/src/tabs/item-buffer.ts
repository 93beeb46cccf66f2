/** Values in order, of bounded size. */
export class ItemBuffer<Item extends { readonly data: string | null }> {
  readonly #items: Item[] = [];
  #length = 0;

  /** The most that waits in a tab, in characters; one more value than that may be in. */
  get isFull(): boolean {
    return this.#length >= maxLength;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#length += item.data?.length ?? 0;
  }

  shift(): Item | undefined {
    const item = this.#items.shift();
    this.#length -= item?.data?.length ?? 0;
    return item;
  }

  some(isWanted: (item: Item) => boolean): boolean {
    return this.#items.some(isWanted);
  }

  /** Takes everything out. */
  drain(): Item[] {
    this.#length = 0;
    return this.#items.splice(0);
  }
}

const maxLength = 1024 * 1024;

/** The newest ids, to know a value again. */
export class RecentIds {
  readonly #ids = new Set<string>();

  add(id: string | null | undefined): void {
    if (typeof id !== "string") return;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > maxRecentIds && oldest !== undefined) this.#ids.delete(oldest);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}

const maxRecentIds = 4096;
