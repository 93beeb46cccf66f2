import type { KeySchema, TopicKeyFields } from "@jobwire/shared";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { StateSelection } from "../store/store.js";
import { readKey } from "./event-input.js";
import type { ReadableEntries } from "./readable-entries.js";
import type { TopicLog } from "./topic-log.js";
import { allIndex, indexOf, nameOfIndex } from "./topic-names.js";
import { searchField } from "./topic-record.js";
import type { TopicRepair } from "./topic-repair.js";

/** Which states: those that fit all of this. */
export interface SelectionOptions<Key> {
  /** Only states in this index, or in any of these; default: all. */
  readonly index?: string | readonly string[];
  /** Only keys from this one on, and only those before that one, as the texts of keys are ordered. */
  readonly from?: Key;
  readonly to?: Key;
  /** Only states in whose text (`search` of the handle's options) each of these stands, as it is. It looks at all others. */
  readonly search?: readonly string[];
  /** Whether `search` looks in the texts of keys too: a key as JSON, `["<value>"]`. Default false. */
  readonly searchKeys?: boolean;
}

/** Which states, and which page of them. */
export interface ListOptions<Key> extends SelectionOptions<Key> {
  /** By key. Default `ascending`. */
  readonly order?: "ascending" | "descending";
  /** 1 to 1000; default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | null;
}

/** A state with the key of its log. */
export interface ListedState<Key, State> {
  readonly key: Key;
  readonly state: State;
}

/** One page of states. */
export interface StateList<Key, State> {
  readonly items: readonly ListedState<Key, State>[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

const pageSize = 1000;
const indexSchema = z.string().max(2048);
const selectionFields = {
  index: z.union([indexSchema, z.array(indexSchema).max(100)]).optional(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  search: z.array(z.string().max(1024)).max(10).optional(),
  searchKeys: z.boolean().optional(),
};
const selectionSchema = z.strictObject(selectionFields);
const listSchema = z.strictObject({
  ...selectionFields,
  order: z.enum(["ascending", "descending"]).default("ascending"),
  limit: z.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2048).nullish(),
});

/** The states of one definition, by index, key and text. */
export class TopicListing<Key extends KeySchema, State> {
  constructor(
    private readonly log: TopicLog<State>,
    private readonly entries: ReadableEntries,
    private readonly repair: TopicRepair<State>,
  ) {}

  async list(options: ListOptions<TopicKeyFields<Key>>): Promise<StateList<TopicKeyFields<Key>, State>> {
    const { order, limit, cursor, ...selected } = this.#read(listSchema, options);
    const selection = this.#selectionOf(selected);
    const items: ListedState<TopicKeyFields<Key>, State>[] = [];
    let next = cursor ?? undefined;
    do {
      const page = await this.log.options.store.listStates({
        ...selection,
        order,
        limit: limit - items.length,
        ...(next !== undefined && { after: next }),
      });
      if (page.isLost) this.repair.request();
      for (const { key, state } of page.items) {
        const record = this.entries.stateOrNull(key, () => this.log.recordOf(key, state));
        if (record) items.push({ key: record.key as TopicKeyFields<Key>, state: record.state });
      }
      next = page.next ?? undefined;
    } while (selection.contains && next !== undefined && items.length < limit);
    return { items, nextCursor: next ?? null };
  }

  async *all(
    options: SelectionOptions<TopicKeyFields<Key>>,
  ): AsyncGenerator<ListedState<TopicKeyFields<Key>, State>, void> {
    for (let cursor: string | null = null; ;) {
      const page: StateList<TopicKeyFields<Key>, State> = await this.list({
        ...options,
        limit: pageSize,
        cursor,
      });
      yield* page.items;
      cursor = page.nextCursor;
      if (cursor === null) return;
    }
  }

  async counts(indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const { store } = this.log.options;
    const counts = await store.countStates(this.log.scope, indexes?.map(indexOf));
    const listed = Object.entries(counts).filter(([name]) => name !== allIndex);
    return Object.fromEntries(listed.map(([name, count]) => [nameOfIndex(name), count]));
  }

  count(options: SelectionOptions<TopicKeyFields<Key>>): Promise<number> {
    return this.log.options.store.countListed(this.#selectionOf(this.#read(selectionSchema, options)));
  }

  #selectionOf({
    index,
    from,
    to,
    search,
    searchKeys = false,
  }: z.output<typeof selectionSchema>): StateSelection {
    const { definition } = this.log.options;
    return {
      scope: this.log.scope,
      index: index === undefined ? this.log.options.allIndexes : [index].flat().map(indexOf),
      ...(from !== undefined && { from: readKey(definition, from).text }),
      ...(to !== undefined && { to: readKey(definition, to).text }),
      ...(search &&
        search.length > 0 && { contains: { field: searchField, texts: search, inKeys: searchKeys } }),
    };
  }

  #read<Read>(schema: z.ZodType<Read>, options: object): Read {
    const result = schema.safeParse(options);
    if (result.success) return result.data;
    throw new AppError(
      "INPUT_INVALID",
      `The list of ${this.log.options.definition.name} is invalid\n${z.prettifyError(result.error)}`,
    );
  }
}
