import { createContext, useContext, useMemo, type ReactNode } from "react";
import { useConnectionStatus } from "@jobwire/client/react";
import { useBrowserSession } from "../session/browser-session.js";
import type { Identity } from "../sign-in/identity.js";
import { ClockContext } from "../time/use-now.js";
import { describeConnection, type KnownConnection } from "./describe-connection.js";
import { useNetwork } from "./use-network.js";
import { useServerState } from "./use-server-state.js";

export interface PageConnectionProviderProps {
  readonly identity: Identity;
  readonly children: ReactNode;
}

/** Puts together what is known about the connection. While nothing can be known of now, the clocks of the page stand. */
export function PageConnectionProvider({ identity, children }: PageConnectionProviderProps) {
  const page = useConnectionStatus();
  const session = useBrowserSession();
  const sessionState = session?.connectionState ?? null;
  const offlineSince = useNetwork();
  const server = useServerState(identity);
  const known = useMemo(() => {
    // That there is no such job, say, is no matter of the connection; and a page that watches nothing hears of the session.
    const isElsewhere =
      page.state === "idle" || (page.state === "failed" && page.error?.data?.code === "NOT_FOUND");
    const status = isElsewhere && sessionState ? { ...page, state: sessionState, error: null } : page;
    return { status, offlineSince, ...server };
  }, [page, sessionState, offlineSince, server]);
  const { state } = describeConnection(known, known.status.since);
  return (
    <KnownConnectionContext value={known}>
      <ClockContext value={state === "live" || state === "idle" || state === "connecting"}>
        {children}
      </ClockContext>
    </KnownConnectionContext>
  );
}

export function useKnownConnection(): KnownConnection {
  const known = useContext(KnownConnectionContext);
  if (!known) throw new Error("The connection is known below its provider only.");
  return known;
}

const KnownConnectionContext = createContext<KnownConnection | null>(null);
