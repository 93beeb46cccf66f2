import {
  applySpoolEvent,
  type ChangeSpoolStateInput,
  type ListSpoolsInput,
  type PublishSpoolEventInput,
  type RegisterSpoolInput,
  type Spool,
  type SpoolActionInput,
  type SpoolEvent,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { Guard, SpoolStore } from "./spool-store.js";

/** How often a change looks again after another one was faster. */
const maxAttempts = 10;

/** The board of spools: every change is one commit together with the event that says it. */
export class SpoolService {
  constructor(
    private readonly spools: SpoolStore,
    private readonly onPublishFailed: (error: unknown, tagSpool: string) => void,
  ) {}

  /** Puts a spool on the board. One that is there already stays as it is, and nothing is published. */
  async register({ tagSpool, estadoDetalle }: RegisterSpoolInput): Promise<Spool> {
    const event = eventOf({
      type: "STATE_CHANGE",
      tagSpool,
      workerNombre: null,
      estadoDetalle: estadoDetalle ?? null,
    });
    if (await this.spools.change(null, event, [])) return applySpoolEvent(null, event);
    return required(await this.spools.read(tagSpool), tagSpool);
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
    return this.#change(tagSpool, ["workerNombre", "completed"], (spool) => {
      const { workerNombre } = required(spool, tagSpool);
      return eventOf({ type: "STATE_CHANGE", tagSpool, workerNombre, estadoDetalle, additionalData });
    });
  }

  /** By tag. */
  async list({ available }: ListSpoolsInput): Promise<Spool[]> {
    const spools: Spool[] = [];
    for await (const spool of this.spools.all()) {
      if (available === undefined || available === (spool.workerNombre === null)) spools.push(spool);
    }
    return spools;
  }

  /**
   * What an outside system of record says, whoever has the spool; an unknown one comes onto the board. Best effort.
   * @returns `published: false` when it could not be written; why is logged.
   */
  async publish(input: PublishSpoolEventInput): Promise<{ published: boolean }> {
    const { tagSpool } = input;
    const kept = (["workerNombre", "estadoDetalle"] as const).filter((field) => input[field] === undefined);
    try {
      await this.#change(tagSpool, [...kept, "completed"], (spool) => {
        const { workerNombre = spool?.workerNombre ?? null, estadoDetalle = spool?.estadoDetalle ?? null } =
          input;
        return eventOf({ ...input, workerNombre, estadoDetalle });
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
    input: SpoolActionInput,
    check: (spool: Spool) => void,
  ): Promise<Spool> {
    return this.#change(input.tagSpool, ["workerNombre", "estadoDetalle"], (read) => {
      const spool = required(read, input.tagSpool);
      check(spool);
      return eventOf({ ...input, type, estadoDetalle: spool.estadoDetalle });
    });
  }

  /**
   * Looks, decides and commits; looks again when a field the event relies on (`guard`) has changed in between.
   * @throws AppError `SPOOL_CHANGED` when others were faster again and again.
   */
  async #change(
    tagSpool: string,
    guard: readonly Guard[],
    decide: (spool: Spool | null) => SpoolEvent,
  ): Promise<Spool> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const spool = await this.spools.read(tagSpool);
      const event = decide(spool);
      if (await this.spools.change(spool, event, guard)) return applySpoolEvent(spool, event);
    }
    throw new AppError(
      "SPOOL_CHANGED",
      `Spool ${quoted(tagSpool)} changed each of the ${maxAttempts} times this call tried; look and call again.`,
    );
  }
}

function eventOf(fields: Omit<SpoolEvent, "timestamp">): SpoolEvent {
  const { type, tagSpool, workerNombre, estadoDetalle, additionalData } = fields;
  const timestamp = new Date();
  return {
    type,
    tagSpool,
    workerNombre,
    estadoDetalle,
    timestamp,
    ...(additionalData && { additionalData }),
  };
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
