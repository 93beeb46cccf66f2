import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { useAuthorizedFetch } from "../sign-in/authorized-fetch.js";
import { messageOf } from "../shell/message-of.js";
import { readMetrics } from "./read-metrics.js";
import { sampleOf, type Sample } from "./sample.js";

export interface FleetHistory {
  /** Oldest first, of the last hour at most. */
  readonly samples: readonly Sample[];
  readonly problem: string | null;
}

const intervalMs = 5000;
const keptMs = 3_600_000;

/** Once somebody has looked at the fleet, its figures are kept for an hour, wherever in the page one goes. */
export function FleetHistoryProvider({ children }: { readonly children: ReactNode }) {
  const [isWanted, setIsWanted] = useState(false);
  const history = useHistory(isWanted);
  const value = useMemo(() => ({ history, begin: () => setIsWanted(true) }), [history]);
  return <FleetHistoryContext value={value}>{children}</FleetHistoryContext>;
}

export function useFleetHistory(): FleetHistory {
  const known = useContext(FleetHistoryContext);
  if (!known) throw new Error("The fleet's history is known below its provider only.");
  const { history, begin } = known;
  useEffect(begin, [begin]);
  return history;
}

const FleetHistoryContext = createContext<{
  readonly history: FleetHistory;
  readonly begin: () => void;
} | null>(null);

function useHistory(isWanted: boolean): FleetHistory {
  const authorizedFetch = useAuthorizedFetch();
  const trpc = useJobwireTrpc();
  const [history, setHistory] = useState<FleetHistory>({ samples: [], problem: null });
  const latest = useRef<Sample | undefined>(undefined);
  useEffect(() => {
    if (!isWanted) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = async () => {
      try {
        const [response, counts] = await Promise.all([
          authorizedFetch("/metrics", { signal }),
          trpc.jobs.counts.query({ all: true }, { signal }),
        ]);
        if (!response.ok) throw new Error(`The server gives no figures: status ${response.status}.`);
        const sample = sampleOf(readMetrics(await response.text()), counts, latest.current);
        latest.current = sample;
        const oldest = sample.at.getTime() - keptMs;
        setHistory(({ samples }) => ({
          samples: [...samples.filter(({ at }) => at.getTime() > oldest), sample],
          problem: null,
        }));
      } catch (error) {
        if (signal.aborted) return;
        setHistory(({ samples }) => ({ samples, problem: messageOf(error) }));
      }
      timer = setTimeout(() => void take(), intervalMs);
    };
    void take();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [isWanted, authorizedFetch, trpc]);
  return history;
}
