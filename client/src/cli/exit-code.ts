import { TRPCClientError } from "@trpc/client";
import { CommanderError } from "commander";

/** What the process ends with; docs/cli.md lists them. */
export const exitCodes = {
  done: 0,
  /** The job failed; a check of `doctor` failed; the output cannot be written. */
  failed: 1,
  /** The command line is wrong, or there is no token. */
  usage: 2,
  unreachable: 3,
  /** The server refused the call: no such job, not allowed, conflict. */
  refused: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error to be told as it is. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly code: ExitCode,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface Failure {
  readonly code: number;
  /** For people; empty when it has been told already. */
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return { code: error.code, message: error.message };
  if (error instanceof CommanderError)
    return { code: error.exitCode === 0 ? exitCodes.done : exitCodes.usage, message: "" };
  const reason = refusalOf(error);
  if (reason !== null && error instanceof Error)
    return { code: exitCodes.refused, message: `${error.message} (${reason})` };
  if (error instanceof TRPCClientError) {
    return { code: exitCodes.unreachable, message: `The server cannot be reached: ${causeOf(error)}` };
  }
  return { code: exitCodes.failed, message: error instanceof Error ? error.message : String(error) };
}

/** What went wrong on the network, as the innermost error says it. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return causeOf(error.cause);
  const { code } = error as NodeJS.ErrnoException;
  // Of several addresses each failed: the error of them all has no message of its own.
  return error.message || code || error.name;
}

/** Why the server refused a call: its `reason`, else the tRPC code; `null` when no server has answered. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof TRPCClientError)) return null;
  const { data } = error as {
    readonly data?: { readonly code?: string; readonly reason?: string | null } | null;
  };
  return data ? (data.reason ?? data.code ?? "") : null;
}
