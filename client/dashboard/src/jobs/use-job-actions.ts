import { useCallback, useMemo, useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { messageOf } from "../shell/message-of.js";

type AskedAction = "cancel" | "remove";

export interface JobActions {
  /** Somebody has to say yes first. */
  readonly ask: (action: AskedAction, jobIds: readonly string[]) => void;
  readonly rerun: (jobIds: readonly string[]) => Promise<void>;
  readonly asked: { readonly action: AskedAction; readonly jobIds: readonly string[] } | null;
  readonly perform: () => Promise<void>;
  readonly dismiss: () => void;
  /** What came of the last one. */
  readonly said: string | null;
}

/** So many calls are on their way at once. */
const atOnce = 5;

export function useJobActions(): JobActions {
  const trpc = useJobwireTrpc();
  const [asked, setAsked] = useState<JobActions["asked"]>(null);
  const [said, setSaid] = useState<string | null>(null);
  const ask = useCallback(
    (action: AskedAction, jobIds: readonly string[]) => setAsked({ action, jobIds }),
    [],
  );
  const dismiss = useCallback(() => setAsked(null), []);
  const rerun = useCallback(
    async (jobIds: readonly string[]) =>
      setSaid(await performAll(jobIds, "runs again", (jobId) => trpc.jobs.rerun.mutate({ jobId }))),
    [trpc],
  );
  const perform = useCallback(async () => {
    if (!asked) return;
    const { action, jobIds } = asked;
    setSaid(
      await (action === "cancel"
        ? performAll(jobIds, "was cancelled", (jobId) => trpc.jobs.cancel.mutate({ jobId }))
        : performAll(jobIds, "was removed", (jobId) => trpc.jobs.remove.mutate({ jobId }))),
    );
  }, [asked, trpc]);
  return useMemo(
    () => ({ ask, rerun, asked, perform, dismiss, said }),
    [ask, rerun, asked, perform, dismiss, said],
  );
}

/** @returns what is to be said of it, once all have been tried. */
async function performAll(
  jobIds: readonly string[],
  done: string,
  perform: (jobId: string) => Promise<unknown>,
): Promise<string> {
  const left = [...jobIds];
  const problems: string[] = [];
  const work = async () => {
    for (let jobId = left.shift(); jobId !== undefined; jobId = left.shift())
      await perform(jobId).catch((error: unknown) => problems.push(messageOf(error)));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, work));
  const good = jobIds.length - problems.length;
  const result =
    good === 1 ? `One job ${done}.` : `${good} jobs ${done.replace("was", "were").replace("runs", "run")}.`;
  if (problems.length === 0) return result;
  const reasons = [...new Set(problems)].join(" ");
  return good === 0 ? reasons : `${result} Of ${problems.length} not: ${reasons}`;
}
