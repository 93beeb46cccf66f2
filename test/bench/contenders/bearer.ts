import type { IncomingMessage } from "node:http";
import { createSecretTokens } from "../../../server/src/http/auth/secret-tokens.js";
import { tokenSecret } from "../token.js";

const tokens = createSecretTokens(tokenSecret);

/** Who calls, by the token of the request: verified as Jobwire does it, so that no contender pays more for it. */
export function verifyBearer({ headers }: IncomingMessage): Promise<{ readonly userId: string }> {
  return tokens.verify(headers.authorization?.slice("Bearer ".length) ?? "");
}
