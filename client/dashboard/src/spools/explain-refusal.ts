import type { AppErrorCode } from "@jobwire/shared";
import { codesOf, messageOf } from "../shell/message-of.js";

/** Why the server refused, in words for the shop floor. */
export function explainRefusal(
  error: unknown,
  { tagSpool, worker }: { readonly tagSpool: string; readonly worker: string },
): string {
  const said = messageOf(error);
  const words: Partial<Record<AppErrorCode, string>> = {
    SPOOL_OCCUPIED: `Somebody was faster. ${said} ${worker} can take it when it is released.`,
    SPOOL_NOT_HELD: `${said} Only whoever has a spool can pause or complete it.`,
    SPOOL_CHANGED: `${tagSpool} keeps changing just now. Look again and try once more.`,
    SPOOL_NOT_FOUND: `${tagSpool} is no longer on the board.`,
    STORE_UNAVAILABLE:
      "The server cannot reach its store just now; nothing has changed. Try again in a moment.",
  };
  const { reason } = codesOf(error);
  return (reason && words[reason]) ?? said;
}
