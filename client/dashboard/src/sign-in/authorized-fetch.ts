import { createContext, useContext } from "react";

/** `fetch` with the token of whoever is signed in: for what is not a call of the API, such as files and metrics. */
export type AuthorizedFetch = (url: string, init?: RequestInit) => Promise<Response>;

export const AuthorizedFetchContext = createContext<AuthorizedFetch>((url, init) => fetch(url, init));

export function useAuthorizedFetch(): AuthorizedFetch {
  return useContext(AuthorizedFetchContext);
}

export type DashboardToken = (request: { readonly wasRefused: boolean }) => Promise<string>;

/** A token that is refused is asked for once more. */
export function authorizedFetch(token: DashboardToken | null): AuthorizedFetch {
  if (token === null) return (url, init) => fetch(url, init);
  return async (url, init) => {
    const send = async (wasRefused: boolean) =>
      fetch(url, { ...init, headers: { Authorization: `Bearer ${await token({ wasRefused })}` } });
    const response = await send(false);
    return response.status === 401 ? send(true) : response;
  };
}
