import { useEffect, useState } from "react";
import { askServer } from "../sign-in/ask-server.js";
import type { Identity } from "../sign-in/identity.js";
import { useAuthorizedFetch } from "../sign-in/authorized-fetch.js";

/** What no stream says: while the store is away streams stay open, and nothing comes. */
export interface ServerState {
  /** Since when; `null` while it is there, as far as is known. */
  readonly storeAwaySince: Date | null;
  /** What signed the page in does so no more. */
  readonly isSignedOut: boolean;
}

const intervalMs = 4000;

/** Asks while somebody looks. */
export function useServerState(identity: Identity): ServerState {
  const authorizedFetch = useAuthorizedFetch();
  const [state, setState] = useState<ServerState>({ storeAwaySince: null, isSignedOut: false });
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") {
        // A server that does not answer is what the streams tell.
        const answer = await askServer(authorizedFetch, leaving.signal).catch(() => null);
        if (leaving.signal.aborted) return;
        if (answer) {
          // A development token is drawn anew.
          const isSignedOut = answer.caller === null && !identity.isDevelopment;
          setState(({ storeAwaySince }) => ({
            storeAwaySince: answer.store === "away" ? (storeAwaySince ?? new Date()) : null,
            isSignedOut,
          }));
        }
      }
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), intervalMs);
    };
    const onVisible = () => void ask();
    document.addEventListener("visibilitychange", onVisible);
    timer = setTimeout(() => void ask(), intervalMs);
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [authorizedFetch, identity]);
  return state;
}
