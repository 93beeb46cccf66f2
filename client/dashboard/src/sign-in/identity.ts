import type { Role } from "@jobwire/shared";
import { askServer, type ServerAnswer } from "./ask-server.js";
import { askOtherTabs } from "./tab-identity.js";

/** Who is signed in, and with what. */
export interface Identity {
  readonly userId: string;
  readonly role: Role;
  /** `null`: the cookie that the host application has set. */
  readonly token: string | null;
  /** The server hands out tokens for this name: a new one can be had at any time. */
  readonly isDevelopment: boolean;
}

export interface DevelopmentUser extends Pick<Identity, "userId" | "role"> {
  readonly code: string;
}

/** In this tab until it is closed; never in the URL. Other tabs ask for it. */
const tokenKey = "jobwire.token";
/** Who was signed in last in development, so that a new tab need not ask. A name is no secret. */
const lastUserKey = "jobwire.development-user";

/** What the server printed at its start, in the link to this page. It is gone with the next start. */
const codeKey = "jobwire.development-code";

/** Takes the code out of the address of the page, where it would stay in the history. */
function takeCode(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return localStorage.getItem(codeKey) ?? "";
  localStorage.setItem(codeKey, code);
  history.replaceState(history.state, "", location.pathname + location.search);
  return code;
}

/** @returns who is signed in by what this tab or the browser holds; `null` when a person has to say. */
export async function recallIdentity({ asksTabs }: { readonly asksTabs: boolean }): Promise<{
  readonly identity: Identity | null;
  readonly handsOutTokens: boolean;
}> {
  const code = takeCode();
  const token = sessionStorage.getItem(tokenKey);
  const { caller, handsOutTokens } = await whoAmI(token);
  if (caller) return { identity: { ...caller, token, isDevelopment: handsOutTokens }, handsOutTokens };
  const handedOver = asksTabs ? await askOtherTabs() : null;
  if (handedOver !== null) {
    const other = await whoAmI(handedOver);
    if (other.caller) {
      sessionStorage.setItem(tokenKey, handedOver);
      return {
        identity: { ...other.caller, token: handedOver, isDevelopment: handsOutTokens },
        handsOutTokens,
      };
    }
  }
  const last = readLastUser();
  if (!handsOutTokens || !last || code === "") return { identity: null, handsOutTokens };
  // The code is that of an earlier start: a person has to say.
  const identity = await signInForDevelopment({ ...last, code }).catch(() => null);
  return { identity, handsOutTokens };
}

/** @throws Error with words for people when the server gives no token. */
export async function signInForDevelopment({ userId, role, code }: DevelopmentUser): Promise<Identity> {
  const token = await fetchDevelopmentToken({ userId, role, code });
  localStorage.setItem(codeKey, code);
  sessionStorage.setItem(tokenKey, token);
  localStorage.setItem(lastUserKey, JSON.stringify({ userId, role }));
  return { userId, role, token, isDevelopment: true };
}

/** @throws Error with words for people when the server does not accept the token. */
export async function signInWithToken(token: string): Promise<Identity> {
  const { caller } = await whoAmI(token);
  if (!caller) throw new Error("The server does not accept this token: it may have expired.");
  sessionStorage.setItem(tokenKey, token);
  return { ...caller, token, isDevelopment: false };
}

export function forgetIdentity(): void {
  sessionStorage.removeItem(tokenKey);
  localStorage.removeItem(lastUserKey);
}

/** The server lets the browser forget the cookie. @throws Error when it does not answer. */
export async function signOutOfHost(): Promise<void> {
  await fetch("/api/sign-out", { method: "POST" });
}

/** The code that this browser was given last; empty when it has none. */
export function knownCode(): string {
  return localStorage.getItem(codeKey) ?? "";
}

export async function fetchDevelopmentToken({
  userId,
  role,
  code = knownCode(),
}: Pick<Identity, "userId" | "role"> & { readonly code?: string }): Promise<string> {
  const response = await fetch(`/api/dev/token?${new URLSearchParams({ sub: userId, role })}`, {
    headers: { "x-jobwire-code": code },
  });
  if (response.status === 403)
    throw new Error(
      "This is not the code that the server printed at its start: look there for “Page” or “Token”.",
    );
  if (!response.ok) throw new Error("The server gave no development token for this name.");
  const { token } = (await response.json()) as { token: string };
  return token;
}

function whoAmI(token: string | null): Promise<ServerAnswer> {
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  return askServer((url, init) => fetch(url, { ...init, headers }));
}

function readLastUser(): Pick<Identity, "userId" | "role"> | null {
  const text = localStorage.getItem(lastUserKey);
  return text === null ? null : (JSON.parse(text) as Pick<Identity, "userId" | "role">);
}
