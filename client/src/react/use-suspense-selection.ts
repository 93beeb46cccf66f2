"use client";

import { use, useMemo } from "react";
import { thrownOf, type StreamError } from "../live/stream-connection.js";
import { useSelection, type SelectionStore } from "./use-selection.js";

interface Awaited<Result, Known extends Result, Selected> {
  /** Whether there was something to show before anything was asked for. Stays so. */
  readonly hasFirst: boolean;
  /** Whether there is something to show. */
  readonly isKnown: (result: Result) => result is Known;
  readonly select: (known: Known) => Selected;
  /** Resolves when there is; the same promise from then on. */
  readonly ready: () => Promise<void>;
}

/** What a component waits for, in place of a selection. */
class Unknown {
  constructor(readonly error: StreamError | null) {}
}

const unknown = new Unknown(null);

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
  { hasFirst, isKnown, select, ready }: Awaited<Result, Known, Selected>,
): Selected {
  const waiting = useMemo(
    () => (hasFirst ? store : { ...store, readFirst: refuseOnServer }),
    [store, hasFirst],
  );
  const selected = useSelection(waiting, resultOf, (result) => {
    if (isKnown(result)) return select(result);
    return result.error ? new Unknown(result.error) : unknown;
  });
  // React wants it called in the render that does not suspend any more, too.
  if (!hasFirst) use(ready());
  if (!(selected instanceof Unknown)) return selected;
  if (selected.error) throw thrownOf(selected.error);
  // Nothing came in all that time: each round suspends, with another promise.
  for (;;) use(ready());
}

/** React leaves the boundary above to the browser. */
function refuseOnServer(): never {
  throw new Error("A server renders what suspends only with something to begin with, such as `initialJob`.");
}
