import { randomUUID } from "node:crypto";
import {
  applySpoolEvent,
  spoolEventTypes,
  type ChangeSpoolStateInput,
  type PublishSpoolEventInput,
  type RegisterSpoolInput,
  type Spool,
  type SpoolActionInput,
  type SpoolEvent,
} from "@jobwire/shared";
import fc from "fast-check";
import { expect } from "vitest";

const workers = ["Ana", "Luis"];
const boardFields = ["workerNombre", "estadoDetalle"] as const;
const details = ["cut", "armed"];

/** The spools random actions are about. */
const tags = ["A", "B"];

export const spoolActionArbitrary = fc.record({
  call: fc.constantFrom(
    ...(["tomar", "tomar", "pausar", "completar", "changeState", "register", "publish"] as const),
  ),
  tag: fc.constantFrom(...tags),
  workerNombre: fc.constantFrom(...workers),
  estadoDetalle: fc.constantFrom(...details),
  published: fc.record({
    type: fc.constantFrom(...spoolEventTypes),
    workerNombre: fc.constantFrom(undefined, null, ...workers),
    estadoDetalle: fc.constantFrom(undefined, null, ...details),
  }),
});

export type SpoolAction = typeof spoolActionArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** The board as whoever acts on it sees it. */
export interface SpoolCalls {
  register(input: RegisterSpoolInput): Promise<unknown>;
  tomar(input: SpoolActionInput): Promise<unknown>;
  pausar(input: SpoolActionInput): Promise<unknown>;
  completar(input: SpoolActionInput): Promise<unknown>;
  changeState(input: ChangeSpoolStateInput): Promise<unknown>;
  publish(input: PublishSpoolEventInput): Promise<{ published: boolean }>;
  reasonOf(error: unknown): string | null | undefined;
}

/** Calls in the way of whoever watches: what was accepted, by the mark that its event carries. */
export class SpoolActions {
  readonly accepted = new Set<string>();

  constructor(
    private readonly calls: SpoolCalls,
    /** Goes before each tag. */
    private readonly prefix: string,
  ) {}

  async carryOut(action: SpoolAction, calls = this.calls): Promise<void> {
    const { call, tag, workerNombre, estadoDetalle, published } = action;
    const tagSpool = this.prefix + tag;
    const mark = randomUUID();
    const additionalData = { by: call, mark };
    try {
      switch (call) {
        case "register":
          return void (await calls.register({ tagSpool, estadoDetalle }));
        case "changeState":
          await calls.changeState({ tagSpool, estadoDetalle, additionalData });
          break;
        case "publish": {
          const event = published.type === "TOMAR" ? { ...published, workerNombre } : published;
          const keeps = boardFields.filter((field) => event[field] === undefined).join(" ");
          const answer = await calls.publish({
            ...event,
            tagSpool,
            additionalData: { ...additionalData, keeps },
          });
          expect(answer).toEqual({ published: true });
          break;
        }
        case "tomar":
        case "pausar":
        case "completar":
          await calls[call]({ tagSpool, workerNombre, additionalData });
          break;
      }
      this.accepted.add(mark);
    } catch (error) {
      expect(calls.reasonOf(error)).toMatch(/^SPOOL_(NOT_FOUND|OCCUPIED|NOT_HELD)$/);
    }
  }

  /** Each accepted call has made one event, a `register` at most one, and each event was allowed when it came. */
  expectExplained(events: readonly SpoolEvent[]): void {
    const marks = events.flatMap(({ additionalData }) => additionalData?.mark ?? []);
    expect(marks).toHaveLength(this.accepted.size);
    expect(new Set(marks)).toEqual(this.accepted);
    for (const tag of tags) {
      expectAllowed(events.filter(({ tagSpool }) => tagSpool === this.prefix + tag));
    }
  }
}

/**
 * All events of one spool, in order: `publish` may do anything but keeps what it leaves out, the others do only what the
 * board allowed just then.
 */
function expectAllowed(events: readonly SpoolEvent[]): void {
  let spool: Spool | null = null;
  for (const event of events) {
    const by = event.additionalData?.by ?? "register";
    if (by === "register") expect(spool).toBeNull();
    else if (by !== "publish") expect(spool).not.toBeNull();
    for (const field of boardFields) {
      if (event.additionalData?.keeps?.includes(field)) expect(event[field]).toBe(spool?.[field] ?? null);
    }
    if (by === "tomar") expect(spool?.workerNombre).toBeNull();
    if (by === "pausar" || by === "completar") expect(spool?.workerNombre).toBe(event.workerNombre);
    if (by === "changeState") expect(event.workerNombre).toBe(spool?.workerNombre);
    if (by === "tomar" || by === "pausar" || by === "completar")
      expect(event.estadoDetalle).toBe(spool?.estadoDetalle);
    spool = applySpoolEvent(spool, event);
  }
}
