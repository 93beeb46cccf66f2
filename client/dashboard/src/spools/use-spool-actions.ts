import { useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { explainRefusal } from "./explain-refusal.js";
import type { SpoolAction } from "./spool-action.js";

export interface SpoolActions {
  /** What changes is shown when the board's stream says so, for this page as for all others. */
  readonly act: (tagSpool: string, action: SpoolAction) => Promise<void>;
  /** The spools whose action is under way. */
  readonly busy: ReadonlySet<string>;
  /** Why the last action on a spool was refused. They are kept here because a card moves on when somebody was faster. */
  readonly refusals: ReadonlyMap<string, string>;
  readonly forgetRefusal: (tagSpool: string) => void;
}

export function useSpoolActions(worker: string): SpoolActions {
  const trpc = useJobwireTrpc();
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [refusals, setRefusals] = useState<ReadonlyMap<string, string>>(new Map());
  const forgetRefusal = (tagSpool: string) =>
    setRefusals((before) => new Map([...before].filter(([tag]) => tag !== tagSpool)));

  const act = async (tagSpool: string, action: SpoolAction) => {
    setBusy((before) => new Set([...before, tagSpool]));
    forgetRefusal(tagSpool);
    try {
      await trpc.spools[action].mutate({ tagSpool, workerNombre: worker });
    } catch (error) {
      const refusal = explainRefusal(error, { tagSpool, worker });
      setRefusals((before) => new Map([...before, [tagSpool, refusal]]));
    } finally {
      setBusy((before) => new Set([...before].filter((tag) => tag !== tagSpool)));
    }
  };
  return { act, busy, refusals, forgetRefusal };
}
