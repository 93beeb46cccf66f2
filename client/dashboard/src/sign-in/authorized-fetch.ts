import { createContext, useContext } from "react";

/** `fetch` with the token of whoever is signed in: for what is not a call of the API, such as files and metrics. */
export type AuthorizedFetch = (url: string, init?: RequestInit) => Promise<Response>;

export const AuthorizedFetchContext = createContext<AuthorizedFetch>((url, init) => fetch(url, init));

export function useAuthorizedFetch(): AuthorizedFetch {
  return useContext(AuthorizedFetchContext);
}

export function authorizedFetch(token: string | null): AuthorizedFetch {
  return (url, init) =>
    fetch(url, { ...init, ...(token !== null && { headers: { Authorization: `Bearer ${token}` } }) });
}
