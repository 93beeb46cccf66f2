import { useMemo } from "react";
import { createJobwireClient, type JobwireClient } from "@jobwire/client";
import { authorizedFetch, type AuthorizedFetch, type DashboardToken } from "../sign-in/authorized-fetch.js";
import { fetchDevelopmentToken, type Identity } from "../sign-in/identity.js";

export interface Clients {
  /** For what a page shows: shared by the tabs that show it, and not connected while the page is hidden. */
  readonly page: JobwireClient;
  /** For the browser's session: connected also while the page is hidden, because other tabs hear from it. */
  readonly session: JobwireClient;
  readonly fetch: AuthorizedFetch;
}

/** The clients of whoever is signed in. They hold nothing open by themselves: the components that watch something do. */
export function useClients(identity: Identity): Clients {
  return useMemo(() => {
    const token = tokenOf(identity);
    const settings = { url: location.origin, ...(token && { token }) };
    return {
      page: createJobwireClient({ ...settings, pauseWhenHidden: true, shareAs: identity.userId }),
      session: createJobwireClient(settings),
      fetch: authorizedFetch(token),
    };
  }, [identity]);
}

/** A development token is drawn anew when the server refuses it: after a restart with another secret, say. */
function tokenOf(identity: Identity): DashboardToken | null {
  if (identity.token === null) return null;
  let { token } = identity;
  return async ({ wasRefused }) => {
    if (wasRefused && identity.isDevelopment) token = await fetchDevelopmentToken(identity);
    return token;
  };
}
