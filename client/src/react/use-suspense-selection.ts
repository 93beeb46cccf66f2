"use client";

import { use, useMemo } from "react";
import { thrownOf, type StreamError } from "../live/stream-connection.js";
import { useSelection, type SelectionStore } from "./use-selection.js";

interface Awaited<Result, Known extends Result, Selected> {
  /** Whether there is something to show. */
  readonly isKnown: (result: Result) => result is Known;
  readonly select: (known: Known) => Selected;
  /** The same promise until there is, then another one. */
  readonly ready: () => Promise<void>;
}

/** What a component waits for, in place of a selection. */
class Unknown {
  constructor(readonly error: StreamError | null) {}
}

const unknown = new Unknown(null);

/** With the fields that React looks for before it waits. */
const fulfilled = Object.assign(Promise.resolve(), { status: "fulfilled", value: undefined });

/**
 * Suspends until there is something to select from.
 * @throws StreamError when there never will be.
 */
export function useSuspenseSelection<
  Snapshot,
  Result extends { readonly error: StreamError | null },
  Known extends Result,
  Selected,
>(
  store: SelectionStore<Snapshot>,
  resultOf: (snapshot: Snapshot) => Result,
  { isKnown, select, ready }: Awaited<Result, Known, Selected>,
): Selected {
  const { readFirst } = store;
  const waiting = useMemo(
    () => ({
      ...store,
      readFirst() {
        const first = readFirst();
        if (isKnown(resultOf(first))) return first;
        // React leaves the boundary above to the browser.
        throw new Error(
          "A server renders what suspends only with something to begin with, such as `initialJob`.",
        );
      },
    }),
    [store, resultOf],
  );
  const selected = useSelection(waiting, resultOf, (result) => {
    if (isKnown(result)) return select(result);
    return result.error ? new Unknown(result.error) : unknown;
  });
  const isWaiting = selected instanceof Unknown && selected.error === null;
  // React wants it called in the render that does not suspend any more, too.
  use(isWaiting ? ready() : fulfilled);
  if (!(selected instanceof Unknown)) return selected;
  if (selected.error) throw thrownOf(selected.error);
  // Nothing came in all that time: each round suspends, with another promise.
  for (;;) use(ready());
}
