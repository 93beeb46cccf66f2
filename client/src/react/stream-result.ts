import type { StreamSnapshot } from "../live/shared-stream.js";
import type { StreamConnection, StreamError } from "../live/stream-connection.js";

/** What each hook says beside its state: how its own stream is. */
export interface Connected {
  readonly connection: StreamConnection;
}

type Known<State, Field extends keyof State> = Omit<State, Field> & {
  readonly [Name in Field]: NonNullable<State[Name]>;
};

/** `connecting` until there is something of the stream's own, `idle` when skipped. */
interface Before {
  readonly status: "idle" | "connecting";
  readonly error: null;
}

interface Streaming {
  readonly status: "live" | "reconnecting" | "ended";
  readonly error: null;
}

interface Failed {
  readonly status: "failed";
  readonly error: StreamError;
}

/** The state of a stream. `status` says whether its field is known, and where there is an error. */
export type StreamResult<State, Field extends keyof State> =
  | (State & Connected & Before)
  | (Known<State, Field> & Connected & Streaming)
  | (State & Connected & Failed);

/** The same where there is something to show from the beginning. */
export type KnownStreamResult<State, Field extends keyof State> = Known<State, Field> &
  Connected &
  (Before | Streaming | Failed);

export interface ResultOptions<State, Field extends keyof State> {
  /** What `null` stands for until it is known. */
  readonly field: Field;
  /** Shown until the stream has something. */
  readonly first: NonNullable<State[Field]> | null;
  readonly skip: boolean;
}

/** What a hook says of a snapshot; the same object for the same snapshot. */
export function resultsOf<State extends object, Field extends keyof State>({
  field,
  first,
  skip,
}: ResultOptions<State, Field>): (snapshot: StreamSnapshot<State>) => StreamResult<State, Field> {
  const results = new WeakMap<StreamSnapshot<State>, StreamResult<State, Field>>();
  const make = ({ state, connection }: StreamSnapshot<State>): StreamResult<State, Field> => {
    const isKnown = state[field] !== null;
    const shown = isKnown || first === null ? state : { ...state, [field]: first };
    if (skip) return { ...shown, connection: { state: "idle" }, status: "idle", error: null };
    if (connection.state === "failed")
      return { ...shown, connection, status: "failed", error: connection.error };
    if (!isKnown || connection.state === "connecting" || connection.state === "idle")
      return { ...shown, connection, status: "connecting", error: null };
    const known = state as Known<State, Field>;
    return { ...known, connection, status: connection.state, error: null };
  };
  return (snapshot) => {
    const made = results.get(snapshot) ?? make(snapshot);
    results.set(snapshot, made);
    return made;
  };
}

/** To be watched at all, or not. */
export interface SkipOptions {
  /** Nothing is streamed. */
  readonly skip?: boolean | undefined;
}

export interface Selecting<Result, Selected> {
  /** What the component needs: it renders only when that has changed. */
  readonly select: (result: Result) => Selected;
}

/** Without a selection a hook gives all it knows. */
export interface Whole {
  readonly select?: undefined;
}

/** Either of the two. */
export interface Choosing<Result, Selected> {
  readonly select?: ((result: Result) => Result | Selected) | undefined;
}

export function itself<Value>(value: Value): Value {
  return value;
}
