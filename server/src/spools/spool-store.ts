import { applySpoolEvent, spoolSchema, type Spool, type SpoolEvent } from "@jobwire/shared";
import { z } from "zod";
import type { StateKey, StateRecord, Store, TopicKey } from "../store/store.js";
import type { DamagedRecords } from "../damaged-records.js";
import { encodeEvent } from "../streams/event-codec.js";

/** The board and its log share one scope, so that one commit covers a spool and the event that says its change. */
const scope = "spools";

/** The broadcast topic `spools:updates`: every change of every spool. */
export const updatesTopic: TopicKey = { scope, topic: "updates" };

const boardIndex = "board";
const pageSize = 500;

/** What a change takes over from the spool as it was read, or decides by. */
export type Guard = "workerNombre" | "estadoDetalle" | "completed";

/** Where the board lives: one state for each spool, and the log of all of them. */
export class SpoolStore {
  constructor(
    private readonly store: Store,
    private readonly damaged: DamagedRecords,
  ) {}

  async read(tagSpool: string): Promise<Spool | null> {
    const stateKey = keyOf(tagSpool);
    const state = await this.store.readState(stateKey);
    return state && this.damaged.read(stateKey.key, state, readSpool);
  }

  /**
   * From the spool as it was read (`null`: from none) to the one after the event, together with the event.
   * @returns false when one of the `guard` fields is no longer as it was read, or the spool came or went: nothing has
   * changed then.
   */
  async change(read: Spool | null, event: SpoolEvent, guard: readonly Guard[]): Promise<boolean> {
    const { key } = keyOf(event.tagSpool);
    const before = read && writeSpool(read);
    const { accepted } = await this.store.commit({
      scope,
      state: {
        key,
        expect: before
          ? Object.fromEntries((["tagSpool", ...guard] as const).map((field) => [field, [before[field]]]))
          : "absent",
        set: writeSpool(applySpoolEvent(read, event)),
        index: boardIndex,
      },
      events: [{ topic: updatesTopic.topic, type: event.type, body: encodeEvent(event) }],
    });
    return accepted;
  }

  /** The whole board, by tag. */
  async *all(): AsyncGenerator<Spool, void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.store.listStates({
        scope,
        index: boardIndex,
        order: "ascending",
        limit: pageSize,
        ...(after !== undefined && { after }),
      });
      yield* this.damaged.readAll(page.items, readSpool);
      if (page.next === null) return;
      after = page.next;
    }
  }
}

function keyOf(tagSpool: string): StateKey {
  return { scope, key: `spool/${tagSpool}` };
}

const textOrNullSchema = z.string().transform((text) => (text === "" ? null : text));

const stateSchema = z.object({
  tagSpool: spoolSchema.shape.tagSpool,
  workerNombre: textOrNullSchema,
  estadoDetalle: textOrNullSchema,
  completed: z.enum(["true", "false"]).transform((text) => text === "true"),
  updatedAt: z.coerce.number().transform((ms) => new Date(ms)),
});

function readSpool(state: StateRecord): Spool {
  return stateSchema.parse(state);
}

function writeSpool({ tagSpool, workerNombre, estadoDetalle, completed, updatedAt }: Spool) {
  return {
    tagSpool,
    workerNombre: workerNombre ?? "",
    estadoDetalle: estadoDetalle ?? "",
    completed: String(completed),
    updatedAt: String(updatedAt.getTime()),
  };
}
