"use client";

import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { isShallowEqual } from "./shallow-equal.js";

/** Something outside of React that changes. Its functions are stable. */
export interface SelectionStore<Snapshot> {
  readonly subscribe: (onChange: () => void) => () => void;
  readonly read: () => Snapshot;
  /** What a server renders, and the browser while it takes over what the server has rendered. */
  readonly readFirst: () => Snapshot;
}

/**
 * Renders when what is selected has changed, and not when an equal object or array is made anew.
 * @param resultOf stable, and gives the same result for the same snapshot.
 */
export function useSelection<Snapshot, Result, Selected>(
  { subscribe, read, readFirst }: SelectionStore<Snapshot>,
  resultOf: (snapshot: Snapshot) => Result,
  select: (result: Result) => Selected,
): Selected {
  const rendered = useRef<{ readonly selected: Selected } | null>(null);
  const selectFrom = useMemo(() => {
    let last: { readonly result: Result; readonly selected: Selected } | null = null;
    return (snapshot: Snapshot): Selected => {
      const result = resultOf(snapshot);
      if (last?.result === result) return last.selected;
      // Of another function, as one that is written in a component is each time: its selection stays when it is equal.
      const before = last ?? rendered.current;
      const selected = select(result);
      last = {
        result,
        selected: before && isShallowEqual(before.selected, selected) ? before.selected : selected,
      };
      return last.selected;
    };
  }, [resultOf, select]);
  const selected = useSyncExternalStore(
    subscribe,
    useCallback(() => selectFrom(read()), [selectFrom, read]),
    useCallback(() => selectFrom(readFirst()), [selectFrom, readFirst]),
  );
  useEffect(() => {
    rendered.current = { selected };
  }, [selected]);
  return selected;
}
