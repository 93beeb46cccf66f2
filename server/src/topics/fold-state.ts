import { findUnencodablePart } from "@jobwire/shared";
import type { z } from "zod";
import { AppError } from "../app-error.js";
import { isEncoded } from "../streams/event-codec.js";
import type { PlainEvent } from "./event-input.js";

interface Fold<State> {
  readonly name: string;
  readonly state: z.ZodType<State> | null;
  readonly apply: (state: State | null, event: never) => State | null;
}

/**
 * The state after these events, which are applied to `decided`, when it is given, in place of the one before.
 * @param isKeptAsItIs False: something else makes of it what is kept, and it may have classes of its own.
 * @throws AppError `EVENT_NOT_APPLICABLE` that names what does not fit.
 */
export function foldState<State>(
  { name, state: schema, apply }: Fold<State>,
  isKeptAsItIs: boolean,
  before: State | null,
  decided: State | undefined,
  events: readonly PlainEvent[],
): State {
  let state = before;
  if (decided !== undefined && schema)
    state = refusing(`What was decided is no state of this ${name}`, () => schema.parse(decided));
  for (const event of events)
    state = refusing(`${event.type} cannot be applied to the state of this ${name}`, () =>
      apply(state, event as never),
    );
  const part = findUnencodablePart(state, isKeptAsItIs ? isEncoded : undefined);
  if (part) throw notApplicable(`A state of ${name} cannot be kept: ${part.path.join(".")}: ${part.message}`);
  // Only definitions with a state come here, and their `apply` makes one.
  return state as State;
}

function refusing<Result>(problem: string, make: () => Result): Result {
  try {
    return make();
  } catch (cause) {
    throw notApplicable(`${problem}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function notApplicable(message: string, cause?: unknown): AppError {
  return new AppError("EVENT_NOT_APPLICABLE", message, { cause });
}
