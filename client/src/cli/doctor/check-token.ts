import { decodeJwt } from "jose/jwt/decode";
import { createJobwireClient } from "../../create-client.js";
import { causeOf, refusalOf } from "../exit-code.js";
import { hrefOf } from "../server-options.js";
import { fail, pass, warn, type Finding } from "./check.js";

const howToGetOne = "get another: for a development server export JOBWIRE_TOKEN=$(jobwire token --code ...)";

/** Whether there is a token, whether it is valid for a while, and whether the server takes it. */
export async function checkToken(url: URL, token: string | undefined): Promise<Finding> {
  if (token === undefined || token === "") return fail("token", "there is none", howToGetOne);
  const claims = readClaims(token);
  if (!claims) return fail("token", "it is no JWT", howToGetOne);
  try {
    await using client = createJobwireClient({ url: hrefOf(url), token });
    await client.trpc.jobs.list.query({ limit: 1 });
  } catch (error) {
    return refused(error);
  }
  const minutes = Math.floor((claims.expiresAt.getTime() - Date.now()) / 60_000);
  const who = `${claims.role} ${claims.sub}`;
  if (minutes < fewMinutes) {
    return warn("token", `${who}; it expires in ${minutes} min`, howToGetOne);
  }
  return pass(
    "token",
    `${who}, valid for ${minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`}`,
  );
}

const fewMinutes = 5;

function readClaims(token: string) {
  try {
    const { sub = "", role, exp = 0 } = decodeJwt(token);
    return { sub, role: typeof role === "string" ? role : "user", expiresAt: new Date(exp * 1000) };
  } catch {
    return null;
  }
}

const fixes: Readonly<Record<string, string>> = {
  TOKEN_MISSING: "a proxy strips the header Authorization: let it pass",
  TOKEN_EXPIRED: howToGetOne,
  TOKEN_INVALID:
    "sign it with the secret or key of this server: JWT_SECRET must be the same, or its JWT_JWKS_URL must have the key",
  KEYS_UNAVAILABLE: "the server cannot reach its JWT_JWKS_URL: check it from there",
};

function refused(error: unknown): Finding {
  const reason = refusalOf(error);
  if (reason === null || !(error instanceof Error)) {
    const fix = "call again; when calls go on failing, look at the proxy and at the log of the server";
    return fail("token", `it could not be shown to the server: ${causeOf(error)}`, fix);
  }
  const fix = fixes[reason] ?? "read the message; the log of the server has more";
  return fail("token", `the server refuses it: ${error.message}`, fix);
}
