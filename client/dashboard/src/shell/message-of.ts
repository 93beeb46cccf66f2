import { TRPCClientError } from "@trpc/client";

/** What went wrong, for people: in the server's words where they are made for them, and never in those of a library. */
export function messageOf(error: unknown): string {
  if (!(error instanceof TRPCClientError)) return error instanceof Error ? error.message : String(error);
  const data: unknown = error.data;
  const code = typeof data === "object" && data !== null && "code" in data ? data.code : null;
  switch (code) {
    case null:
      return "The server does not answer. Try again in a moment.";
    case "UNAUTHORIZED":
      return "You are signed out. Sign in and try again.";
    case "BAD_REQUEST":
      return firstProblemOf(error.message);
    case "INTERNAL_SERVER_ERROR":
      return "Something went wrong on the server. Try again; its log says more.";
    case "SERVICE_UNAVAILABLE":
      return "The server has lost its store for now. Try again in a moment.";
    default:
      return error.message;
  }
}

/** What a schema says of the input is a list with marks and paths: its first line, without them. */
function firstProblemOf(message: string): string {
  const [line = ""] = message.replace(/^Invalid input\n/, "").split("\n");
  const problem = line.replace(/^✖ /, "").trim();
  return `The server does not take this: ${problem.charAt(0).toLowerCase()}${problem.slice(1)}.`;
}
