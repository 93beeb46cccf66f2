import { AppError } from "../app-error.js";

/** Answers that say "not now": the server is loading, failing over, full, read-only, or not the right one any more. */
const notNow: ReadonlySet<string> = new Set([
  "ASK",
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MISCONF",
  "MOVED",
  "NOREPLICAS",
  "OOM",
  "READONLY",
  "TRYAGAIN",
  "UNBLOCKED",
]);

/** Answers that say "not you": the operator has to give this user its rights, or to name another user. */
const notYou: ReadonlySet<string> = new Set(["NOAUTH", "NOPERM", "WRONGPASS"]);

/** How Redis says the same without a token when a script of ours may not run a command or touch a key. */
const notYouInScript =
  /^(?:ERR (?:Error running script.*?)?)?(?:The user executing the script can't |ACL failure in script)/;

/** Before 7.0 the answers to commands within a script are wrapped: `ERR Error running script (call to f_…): … -OOM …`. */
const inScript = /^ERR Error running script \(call to f_[0-9a-f]+\): (?:@\w+: ?\d+: )*-?(?=[A-Z]+ )/;

/** What a script asked for is at another node: its slot is on the way. */
const elsewhereInScript = /Script attempted to access a non local key in a cluster node/;

/** The token that an answer of Redis begins with, also when the command was run by a script; `null`: it is no such answer. */
export function redisErrorToken(error: unknown): string | null {
  if (!isRedisAnswer(error)) return null;
  if (notYouInScript.test(error.message)) return "NOPERM";
  if (elsewhereInScript.test(error.message)) return "TRYAGAIN";
  return /^[A-Z]+/.exec(error.message.replace(inScript, ""))?.[0] ?? null;
}

/** What the operator has to grant before anything can be written. */
export class MissingRights extends Error {
  constructor(refusals: readonly unknown[]) {
    const texts = refusals.map((refusal) => (refusal instanceof Error ? refusal.message : String(refusal)));
    super(
      `The Redis user may not do what Jobwire needs; give it the rights that docs/redis.md names. ${texts.join("; ")}`,
    );
  }
}

/** Redis has answered, and said no. */
export function isRedisAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** This user lacks a right, or is none. */
export function isRightMissing(error: unknown): boolean {
  return notYou.has(redisErrorToken(error) ?? "");
}

/**
 * A lost connection, a timeout, a "not now" or a "not you" becomes `STORE_UNAVAILABLE`; anything else is a defect and
 * stays.
 */
export function toStoreError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const token = redisErrorToken(error);
  if (isRedisAnswer(error) && !(token !== null && (notNow.has(token) || notYou.has(token)))) return error;
  const message =
    error instanceof MissingRights ? error.message : "The event store does not answer; try again shortly.";
  return new AppError("STORE_UNAVAILABLE", message, { cause: error });
}

/** The answer of Redis, or a rejection that says what it means for callers. */
export async function answer<Value>(reply: Promise<Value>): Promise<Value> {
  try {
    return await reply;
  } catch (error) {
    throw toStoreError(error);
  }
}
