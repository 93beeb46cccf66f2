import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { z } from "zod";
import { partsOf, type Kind, type Log, type MemoryContents } from "./memory-contents.js";

/** Of what the folder holds. A newer one is refused: what it says is not known here. */
const format = 1;

/** In the folder, beside the database's own files: the id of the process that opened it last. */
const holderFile = "process";

const stateSchema = z.object({
  state: z.record(z.string(), z.string()).nullable(),
  indexes: z.array(z.string()),
  due: z.number().nullable(),
  endsAt: z.number().optional(),
});
const cursorSchema = z.object({ epoch: z.string(), offset: z.number() });
const logSchema = z.object({
  id: z.string(),
  epoch: z.string(),
  ancestors: z.array(cursorSchema),
  offset: z.number(),
  closed: z.boolean(),
  idleMs: z.number().exactOptional(),
  endsAt: z.number().optional(),
});
const entrySchema = z.object({ type: z.string(), body: z.string(), last: z.boolean() });
const madeSchema = z.object({ cursors: z.array(cursorSchema), endsAt: z.number() });

type Operation =
  | { readonly type: "put"; readonly key: string; readonly value: unknown }
  | { readonly type: "del"; readonly key: string };

interface Named {
  readonly kind: Kind;
  readonly name: string;
}

/** Which entries of a log are on disk: those after `from`, up to `to`. */
interface Kept {
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/**
 * What a store in memory holds, in a LevelDB database of one folder. A write has all changes of a moment and is synced;
 * the database takes it wholly or not at all. Keys: `format`, `state!NAME`, `log!NAME`, `made!NAME`, and
 * `entry!LOG-ID!OFFSET` with 16 digits, so that entries are in their order.
 */
export class FileJournal implements AsyncDisposable {
  readonly #kept = new Map<string, Kept>();
  #database: ClassicLevel<string, unknown>;

  private constructor(private readonly folder: string) {
    this.#database = databaseIn(folder);
  }

  /**
   * Makes the folder when it is absent.
   * @throws Error that says what keeps the folder from being used.
   */
  static async open(folder: string): Promise<FileJournal> {
    const journal = new FileJournal(folder);
    try {
      await journal.#database.open();
      await journal.#expectFormat();
      await writeFile(join(folder, holderFile), String(process.pid));
    } catch (error) {
      throw await journal.#unusable(error);
    }
    return journal;
  }

  /**
   * Puts all that is on disk into `contents`. @returns what came to its end meanwhile.
   * @throws Error that says what cannot be read.
   */
  async load(contents: MemoryContents): Promise<readonly Named[]> {
    try {
      return await this.#load(contents);
    } catch (error) {
      throw await this.#unusable(error);
    }
  }

  async #load(contents: MemoryContents): Promise<readonly Named[]> {
    const now = Date.now();
    const ended: Named[] = [];
    const endAt = (kind: Kind, name: string, endsAt: number | undefined) => {
      if (endsAt === undefined) return;
      if (endsAt > now) contents.dropLater(kind, name, endsAt - now);
      else ended.push({ kind, name });
    };
    const logs = new Map<string, LoadedLog>();
    for await (const [name, value] of this.#all("log")) {
      const { endsAt, ...fields } = logSchema.parse(value);
      const log = { ...fields, entries: [], bytes: 0 };
      logs.set(fields.id, { name, log, endsAt, from: fields.offset });
    }
    for await (const [place, value] of this.#all("entry")) {
      const [id = "", digits] = place.split("!");
      const known = logs.get(id);
      if (!known) continue;
      const { log } = known;
      const entry = { offset: Number(digits), ...entrySchema.parse(value) };
      known.from = Math.min(known.from, entry.offset - 1);
      if (log.entries.at(-1)?.offset !== entry.offset - 1) forgetEntries(log);
      log.entries.push(entry);
      log.bytes += Buffer.byteLength(entry.body);
    }
    for (const { name, log, endsAt, from } of logs.values()) {
      endAtNewest(log);
      this.#kept.set(name, { id: log.id, from, to: log.offset });
      contents.setLog(name, log);
      endAt("log", name, endsAt);
    }
    for await (const [name, value] of this.#all("state")) {
      const { state, indexes, due, endsAt } = stateSchema.parse(value);
      const { scope, key } = partsOf(name);
      if (state) contents.setState(name, state);
      contents.list(scope, indexes, key);
      if (due !== null) contents.setDue(scope, key, due);
      endAt("state", name, endsAt);
    }
    for await (const [name, value] of this.#all("made")) {
      const { cursors, endsAt } = madeSchema.parse(value);
      contents.setMade(name, { accepted: true, cursors });
      endAt("made", name, endsAt);
    }
    return ended;
  }

  /** Resolves once everything that is under these names now is on disk. */
  async write(contents: MemoryContents, changed: ReadonlyMap<Kind, ReadonlySet<string>>): Promise<void> {
    const operations: Operation[] = [];
    const kept = new Map<string, Kept | undefined>();
    for (const name of changed.get("state") ?? []) operations.push(stateOperation(contents, name));
    for (const name of changed.get("made") ?? []) operations.push(madeOperation(contents, name));
    for (const name of changed.get("log") ?? []) {
      const log = contents.existingLog(name);
      operations.push(
        ...logOperations({ name, log, endsAt: contents.endsAt("log", name) }, this.#kept.get(name)),
      );
      kept.set(name, log && { id: log.id, from: log.offset - log.entries.length, to: log.offset });
    }
    await this.#database.batch(operations, { sync: true });
    for (const [name, now] of kept) {
      if (now) this.#kept.set(name, now);
      else this.#kept.delete(name);
    }
  }

  /** After a failed write: a database that could not write takes nothing more until it was opened again. */
  async reopen(): Promise<void> {
    await this.#database.close();
    this.#database = databaseIn(this.folder);
    await this.#database.open();
    // Whoever had it open in between has written what is not known here.
    if ((await this.#holder()) === String(process.pid)) return;
    throw await this.#unusable(
      new Error("another process has written to it meanwhile. Start this one again."),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }

  async #expectFormat(): Promise<void> {
    const known = await this.#database.get("format");
    if (known === undefined) await this.#database.put("format", format, { sync: true });
    else if (known !== format)
      throw new Error(
        `it has format ${JSON.stringify(known)}, and this Jobwire knows format ${format}. Start the version that wrote it, or ` +
          "name another folder in JOBWIRE_DATA.",
      );
  }

  /** Who opened it last. */
  async #holder(): Promise<string> {
    return readFile(join(this.folder, holderFile), "utf8").catch(() => "unknown");
  }

  async #unusable(error: unknown): Promise<Error> {
    await this.#database.close();
    const reason = reasonOf(error, await this.#holder());
    return new Error(`The data folder ${this.folder} cannot be used: ${reason}`, { cause: error });
  }

  async *#all(kind: Kind | "entry"): AsyncGenerator<[string, unknown]> {
    const start = `${kind}!`;
    for await (const [key, value] of this.#database.iterator({ gt: start, lt: `${kind}"` }))
      yield [key.slice(start.length), value];
  }
}

/** A damaged disk may have lost some entries and not those after them: to readers all up to there were trimmed. */
function forgetEntries(log: Log): void {
  log.entries = [];
  log.bytes = 0;
}

/** Or it has lost what was said last of where the log ends, or the newest entries. No offset is ever given twice. */
function endAtNewest(log: Log): void {
  const newest = log.entries.at(-1);
  if (!newest || newest.offset === log.offset) return;
  if (newest.offset < log.offset) return forgetEntries(log);
  log.offset = newest.offset;
  log.closed = newest.last;
}

function stateOperation(contents: MemoryContents, name: string): Operation {
  const { scope, key } = partsOf(name);
  const value: z.output<typeof stateSchema> = {
    state: contents.state(name),
    indexes: contents.lists.indexesOf(scope, key),
    due: contents.lists.dueOf(scope, key),
    endsAt: contents.endsAt("state", name),
  };
  const isNothing = value.state === null && value.indexes.length === 0 && value.due === null;
  return isNothing ? { type: "del", key: `state!${name}` } : { type: "put", key: `state!${name}`, value };
}

function madeOperation(contents: MemoryContents, name: string): Operation {
  const accepted = contents.made(name);
  const endsAt = contents.endsAt("made", name);
  if (!accepted || endsAt === undefined) return { type: "del", key: `made!${name}` };
  const value: z.output<typeof madeSchema> = { cursors: [...accepted.cursors], endsAt };
  return { type: "put", key: `made!${name}`, value };
}

interface NamedLog<Found = Log> {
  readonly name: string;
  readonly log: Found;
  readonly endsAt: number | undefined;
}

interface LoadedLog extends NamedLog {
  /** Of what is on disk: as in `Kept`. */
  from: number;
}

function* logOperations(now: NamedLog<Log | undefined>, kept: Kept | undefined): Generator<Operation> {
  const { name, log, endsAt } = now;
  const same = log?.id === kept?.id ? kept : undefined;
  const trimmed = log ? log.offset - log.entries.length : 0;
  if (kept) yield* removals(kept, same ? Math.min(trimmed, kept.to) : kept.to);
  if (!log) {
    yield { type: "del", key: `log!${name}` };
    return;
  }
  const { entries, bytes: _, ...fields } = log;
  yield { type: "put", key: `log!${name}`, value: { ...fields, endsAt } };
  for (const { offset, ...value } of entries.slice(Math.max(0, (same?.to ?? 0) - trimmed)))
    yield { type: "put", key: entryKey(log.id, offset), value };
}

function* removals({ id, from }: Kept, to: number): Generator<Operation> {
  for (let offset = from + 1; offset <= to; offset++) yield { type: "del", key: entryKey(id, offset) };
}

function entryKey(id: string, offset: number): string {
  return `entry!${id}!${String(offset).padStart(16, "0")}`;
}

function databaseIn(folder: string): ClassicLevel<string, unknown> {
  return new ClassicLevel<string, unknown>(folder, { valueEncoding: "json" });
}

const putBack = "Put back a copy of the folder, or name another one in JOBWIRE_DATA.";

function reasonOf(error: unknown, holder: string): string {
  if (error instanceof z.ZodError) return `what it holds is damaged (${z.prettifyError(error)}). ${putBack}`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof Error && "code" in cause && cause.code === "LEVEL_LOCKED")
    return `process ${holder} has it open. Stop that one, or name another folder in JOBWIRE_DATA.`;
  if (/permission denied|read-only file system/i.test(text))
    return `${text}. Give this user the right to write there, or name another folder in JOBWIRE_DATA.`;
  if (/corruption/i.test(text)) return `${text}. ${putBack}`;
  return text;
}
