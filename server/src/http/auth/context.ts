import { parse as parseCookies } from "cookie";
import { AppError } from "../../app-error.js";
import type { Principal } from "../../principal.js";
import type { SseRequest } from "../../sse/index.js";
import type { Context } from "../../trpc.js";
import type { TokenVerifier } from "./tokens.js";

type ConnectionParams = Readonly<Record<string, string | undefined>> | null;

/** The context of a call. Its token is verified when it is first asked for, and once. */
export function createContext(request: SseRequest, params: ConnectionParams, tokens: TokenVerifier): Context {
  let principal: Promise<Principal> | undefined;
  return { authenticate: () => (principal ??= authenticate(request, params, tokens)) };
}

async function authenticate(
  request: SseRequest,
  params: ConnectionParams,
  tokens: TokenVerifier,
): Promise<Principal> {
  const token = readToken(request, params);
  if (token === undefined) {
    throw new AppError(
      "TOKEN_MISSING",
      "This call needs a token: send the header Authorization: Bearer <token>.",
    );
  }
  return tokens.verify(token);
}

/** First found, first taken: header, cookie, tRPC's connectionParams. An empty one, as a sign-out may leave it, is none. */
function readToken({ headers }: SseRequest, params: ConnectionParams): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  return bearer || parseCookies(headers.cookie ?? "").jobwire_token || params?.token || undefined;
}
