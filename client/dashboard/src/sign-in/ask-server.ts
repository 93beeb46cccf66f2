import type { Role } from "@jobwire/shared";
import type { AuthorizedFetch } from "./authorized-fetch.js";

/** What the server says of whoever asks, and of itself. */
export interface ServerAnswer {
  readonly caller: { readonly userId: string; readonly role: Role } | null;
  readonly handsOutTokens: boolean;
  readonly store: "up" | "away";
}

/** @throws Error when there is no answer. */
export async function askServer(
  send: AuthorizedFetch,
  signal: AbortSignal | null = null,
): Promise<ServerAnswer> {
  const response = await send("/api/whoami", { signal });
  if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
  return (await response.json()) as ServerAnswer;
}
