"use client";

import { useMemo } from "react";
import type { StreamPool } from "../live/stream-pool.js";
import { resultsOf, type KnownStreamResult, type StreamResult } from "./stream-result.js";
import { useSelection } from "./use-selection.js";
import { useSuspenseSelection } from "./use-suspense-selection.js";

export interface Watched<Input, State, Item, Field extends keyof State> {
  readonly pool: StreamPool<Input, State, Item>;
  /** Stable. */
  readonly input: Input;
  readonly field: Field;
  /** Shown until the stream has something. Stable. */
  readonly first?: NonNullable<State[Field]> | null;
}

export interface WatchChoice<Result, Selected> {
  readonly skip?: boolean | undefined;
  readonly select: (result: Result) => Selected;
}

/** The stream of this input, shared with all components that watch it, open while one is mounted. */
export function useWatched<Input, State extends object, Item, Field extends keyof State, Selected>(
  { pool, input, field, first = null }: Watched<Input, State, Item, Field>,
  { skip = false, select }: WatchChoice<StreamResult<State, Field>, Selected>,
): Selected {
  const store = useMemo(() => pool.storeOf(skip ? null : { input }), [pool, input, skip]);
  const resultOf = useMemo(() => resultsOf<State, Field>({ field, first, skip }), [field, first, skip]);
  return useSelection(store, resultOf, select);
}

/**
 * The same for who would rather wait than show that something is loading: suspends until there is something to show.
 * @throws StreamError when the stream fails before.
 */
export function useSuspenseWatched<Input, State extends object, Item, Field extends keyof State, Selected>(
  { pool, input, field, first = null }: Watched<Input, State, Item, Field>,
  select: (result: KnownStreamResult<State, Field>) => Selected,
): Selected {
  const store = useMemo(() => pool.storeOf({ input }), [pool, input]);
  const resultOf = useMemo(() => resultsOf<State, Field>({ field, first, skip: false }), [field, first]);
  return useSuspenseSelection(store, resultOf, {
    hasFirst: first !== null,
    isKnown: (result): result is KnownStreamResult<State, Field> => result[field] !== null,
    select,
    ready: () => pool.ready(input),
  });
}
