import type {
  ChangeSpoolStateInput,
  ListSpoolsInput,
  PublishSpoolEventInput,
  RegisterSpoolInput,
  Spool,
  SpoolActionInput,
  SpoolEventType,
  SpoolStreamEvent,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { RecentReads } from "../recent-reads.js";
import type { EventStream } from "../topics/index.js";
import { updatesFeed, type SpoolTopic } from "./spool-topic.js";

/** What happens to a spool, beside its tag and the time. */
interface SpoolChange {
  readonly type: SpoolEventType;
  readonly workerNombre: string | null;
  readonly estadoDetalle: string | null;
  readonly additionalData?: Record<string, string> | undefined;
}

/** The board of spools: every change is one commit together with the event that says it. */
export class SpoolService {
  readonly #boards = new RecentReads<readonly Spool[]>();

  constructor(
    private readonly topic: SpoolTopic,
    private readonly onPublishFailed: (error: unknown, tagSpool: string) => void,
  ) {}

  /** Puts a spool on the board. One that is there already stays as it is, and nothing is published. */
  register({ tagSpool, estadoDetalle }: RegisterSpoolInput): Promise<Spool> {
    return this.#change(tagSpool, (spool) =>
      spool ? null : { type: "STATE_CHANGE", workerNombre: null, estadoDetalle: estadoDetalle ?? null },
    );
  }

  /** @throws AppError `SPOOL_OCCUPIED` when somebody has it, the same worker included. */
  async tomar(input: SpoolActionInput): Promise<Spool> {
    return this.#act("TOMAR", input, ({ tagSpool, workerNombre }) => {
      if (workerNombre === null) return;
      throw new AppError("SPOOL_OCCUPIED", `Spool ${quoted(tagSpool)} is taken by ${quoted(workerNombre)}.`);
    });
  }

  /** @throws AppError `SPOOL_NOT_HELD` when nobody or another worker has it. */
  async pausar(input: SpoolActionInput): Promise<Spool> {
    return this.#act("PAUSAR", input, (spool) => requireHolder(spool, input.workerNombre));
  }

  /** @throws AppError `SPOOL_NOT_HELD` when nobody or another worker has it. */
  async completar(input: SpoolActionInput): Promise<Spool> {
    return this.#act("COMPLETAR", input, (spool) => requireHolder(spool, input.workerNombre));
  }

  /** @throws AppError `SPOOL_NOT_FOUND` */
  async changeState({ tagSpool, estadoDetalle, additionalData }: ChangeSpoolStateInput): Promise<Spool> {
    return this.#change(tagSpool, (spool) => {
      const { workerNombre } = required(spool, tagSpool);
      return { type: "STATE_CHANGE", workerNombre, estadoDetalle, additionalData };
    });
  }

  /** By tag. */
  async list({ available }: ListSpoolsInput): Promise<Spool[]> {
    const spools: Spool[] = [];
    for await (const { state } of this.topic.all())
      if (available === undefined || available === (state.workerNombre === null)) spools.push(state);
    return spools.toSorted(byTag);
  }

  /** Every change of every spool. The snapshot of a gap is the whole board. */
  updates({ lastEventId }: { lastEventId?: string | null | undefined }, signal: AbortSignal | undefined) {
    const updates = this.topic.feed(
      updatesFeed,
      { lastEventId },
      {
        signal,
        // Those that meet a gap together share one read.
        snapshot: ({ to }) =>
          this.#boards.read(
            to,
            () => this.list({}),
            () => false,
          ),
      },
    );
    // No spool is removed: its feed never says so.
    return updates as EventStream<SpoolStreamEvent>;
  }

  /**
   * What an outside system of record says, whoever has the spool; an unknown one comes onto the board. Best effort.
   * @returns `published: false` when it could not be written; why is logged.
   */
  async publish(input: PublishSpoolEventInput): Promise<{ published: boolean }> {
    const { type, tagSpool, additionalData } = input;
    try {
      await this.#change(tagSpool, (spool) => {
        const { workerNombre = spool?.workerNombre ?? null, estadoDetalle = spool?.estadoDetalle ?? null } =
          input;
        return { type, workerNombre, estadoDetalle, additionalData };
      });
      return { published: true };
    } catch (error) {
      this.onPublishFailed(error, tagSpool);
      return { published: false };
    }
  }

  /** What a worker does with a spool; its detail stays. `check` throws when it may not be done. */
  #act(
    type: "TOMAR" | "PAUSAR" | "COMPLETAR",
    { tagSpool, workerNombre, additionalData }: SpoolActionInput,
    check: (spool: Spool) => void,
  ): Promise<Spool> {
    return this.#change(tagSpool, (read) => {
      const spool = required(read, tagSpool);
      check(spool);
      return { type, workerNombre, estadoDetalle: spool.estadoDetalle, additionalData };
    });
  }

  /** @throws AppError `SPOOL_CHANGED` when others were faster again and again; what `decide` throws. */
  async #change(tagSpool: string, decide: (spool: Spool | null) => SpoolChange | null): Promise<Spool> {
    try {
      const { state } = await this.topic.change({ tagSpool }, (spool) => decide(spool) ?? []);
      return required(state, tagSpool);
    } catch (error) {
      if (error instanceof AppError && error.reason === "TOPIC_BUSY")
        throw new AppError(
          "SPOOL_CHANGED",
          `Spool ${quoted(tagSpool)} changed again and again while this call was on its way; look and call again.`,
        );
      throw error;
    }
  }
}

function byTag(one: Spool, other: Spool): number {
  return one.tagSpool < other.tagSpool ? -1 : 1;
}

function required(spool: Spool | null, tagSpool: string): Spool {
  if (spool) return spool;
  throw new AppError(
    "SPOOL_NOT_FOUND",
    `There is no spool ${quoted(tagSpool)}; a service puts one on the board with spools.register.`,
  );
}

function requireHolder({ tagSpool, workerNombre }: Spool, caller: string): void {
  if (workerNombre === caller) return;
  throw new AppError(
    "SPOOL_NOT_HELD",
    workerNombre === null
      ? `Nobody has spool ${quoted(tagSpool)}; take it first with spools.tomar.`
      : `Spool ${quoted(tagSpool)} is held by ${quoted(workerNombre)}, not by ${quoted(caller)}.`,
  );
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
