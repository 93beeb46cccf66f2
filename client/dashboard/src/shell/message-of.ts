import { TRPCClientError } from "@trpc/client";
import type { AppErrorCode } from "@jobwire/shared";
import type { StreamError } from "@jobwire/client/react";

/** What went wrong and what to do, for people: in the server's words where they are made for them, never in a library's. */
export function messageOf(error: unknown): string {
  // What `fetch` throws when there is no answer.
  if (error instanceof TypeError) return noAnswer;
  if (!(error instanceof TRPCClientError)) return error instanceof Error ? error.message : String(error);
  const { code, reason } = codesOf(error);
  switch (code) {
    case null:
      return noAnswer;
    case "UNAUTHORIZED":
      return "You are signed out. Sign in and try again.";
    case "BAD_REQUEST":
      return firstProblemOf(error.message);
    case "INTERNAL_SERVER_ERROR":
      return "Something went wrong on the server. Try again; its log says more.";
    case "SERVICE_UNAVAILABLE":
      return "The server cannot reach its store just now; nothing has changed. Try again in a moment.";
    case "TOO_MANY_REQUESTS":
      return reason === null ? "That was too much at once. Wait a minute, then try again." : error.message;
    default:
      return error.message;
  }
}

/** Of an error that came from the server; without a code there was no answer. */
export function codesOf(error: unknown): {
  readonly reason: AppErrorCode | null;
  readonly code: string | null;
} {
  const data = error instanceof Error && "data" in error ? (error as Error & StreamError).data : null;
  return { reason: data?.reason ?? null, code: data?.code ?? null };
}

const noAnswer = "The server does not answer. Try again in a moment.";

/** What a schema says of the input is a list with marks and paths: its first line, without them. */
function firstProblemOf(message: string): string {
  const [line = ""] = message.replace(/^Invalid input\n/, "").split("\n");
  const problem = line.replace(/^✖ /, "").trim();
  return `The server does not take this: ${problem.charAt(0).toLowerCase()}${problem.slice(1)}.`;
}
