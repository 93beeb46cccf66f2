import { useEffect, useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import type { Spool } from "@jobwire/shared";
import { explainRefusal } from "./explain-refusal.js";
import type { SpoolAction } from "./spool-action.js";

/** A refusal is explained for so long. */
const refusalShownMs = 12_000;

/** The buttons of one spool. What changes is shown when the board's stream says so, for this page as for all others. */
export function useSpoolAction({ tagSpool }: Spool, worker: string) {
  const trpc = useJobwireTrpc();
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => {
    if (refusal === null) return undefined;
    const timer = setTimeout(() => setRefusal(null), refusalShownMs);
    return () => clearTimeout(timer);
  }, [refusal]);

  const act = async (action: SpoolAction) => {
    setIsBusy(true);
    setRefusal(null);
    try {
      await trpc.spools[action].mutate({ tagSpool, workerNombre: worker });
    } catch (error) {
      setRefusal(explainRefusal(error, { tagSpool, worker }));
    } finally {
      setIsBusy(false);
    }
  };
  return { act, isBusy, refusal };
}
