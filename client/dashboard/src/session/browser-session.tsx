import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import type { JobwireClient } from "@jobwire/client";
import {
  JobwireProvider,
  useConnectionStatus,
  useSession,
  type ConnectionStatus,
  type SessionState,
} from "@jobwire/client/react";
import { useKeptMessages } from "./kept-messages.js";
import { useLeadership } from "./use-leadership.js";
import { useTabChannel } from "./use-tab-channel.js";

/** What this browser was told, and how the connection is over which it is told. */
export interface BrowserSession extends SessionState {
  readonly connectionState: ConnectionStatus["state"];
}

export interface BrowserSessionProviderProps {
  /** Stays connected while the page is hidden: the other tabs hear from this one. */
  readonly client: JobwireClient;
  readonly userId: string;
  readonly children: ReactNode;
}

/** One session for all tabs of a browser: one tab holds its stream and passes on what it is told. */
export function BrowserSessionProvider({ client, userId, children }: BrowserSessionProviderProps) {
  const name = `jobwire dashboard session of ${userId}`;
  const isLeader = useLeadership(name);
  const [heard, share] = useTabChannel<BrowserSession>(name, isLeader);
  const messages = useKeptMessages(userId, heard?.messages);
  const session = useMemo(() => heard && { ...heard, messages }, [heard, messages]);
  return (
    <BrowserSessionContext value={session}>
      {isLeader && (
        <JobwireProvider client={client}>
          <LeadingSession onChange={share} />
        </JobwireProvider>
      )}
      {children}
    </BrowserSessionContext>
  );
}

/** `null` until it is known. */
export function useBrowserSession(): BrowserSession | null {
  return useContext(BrowserSessionContext);
}

const BrowserSessionContext = createContext<BrowserSession | null>(null);

function LeadingSession({ onChange }: { readonly onChange: (session: BrowserSession) => void }) {
  const [requestId] = useState(newRequestId);
  const { version, tasks, messages, isReplaced } = useSession(requestId);
  const { state: connectionState } = useConnectionStatus();
  useEffect(() => {
    onChange({ version, tasks, messages, isReplaced, connectionState });
  }, [onChange, version, tasks, messages, isReplaced, connectionState]);
  return null;
}

function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `dashboard-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
