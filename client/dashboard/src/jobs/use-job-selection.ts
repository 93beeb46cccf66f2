import { useCallback, useMemo, useState } from "react";
import type { JobView } from "@jobwire/client";

export interface JobSelection {
  readonly selected: ReadonlySet<string>;
  readonly toggle: (jobId: string) => void;
  readonly clear: () => void;
}

/** Of those that are shown: what has gone is selected no more. */
export function useJobSelection(jobs: readonly JobView[] | null): JobSelection {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const selected = useMemo(
    () =>
      marked.size === 0 ? marked : new Set(jobs?.flatMap(({ jobId }) => (marked.has(jobId) ? jobId : []))),
    [jobs, marked],
  );
  const toggle = useCallback(
    (jobId: string) =>
      setMarked((before) => {
        const after = new Set(before);
        if (!after.delete(jobId)) after.add(jobId);
        return after;
      }),
    [],
  );
  const clear = useCallback(() => setMarked(new Set()), []);
  return useMemo(() => ({ selected, toggle, clear }), [selected, toggle, clear]);
}
