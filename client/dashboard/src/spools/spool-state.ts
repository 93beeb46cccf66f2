import type { Spool } from "@jobwire/shared";

/** The columns of the board. */
export const spoolStates = ["available", "taken", "completed"] as const;

export type SpoolState = (typeof spoolStates)[number];

export function stateOf({ workerNombre, completed }: Spool): SpoolState {
  if (workerNombre === null) return "available";
  return completed ? "completed" : "taken";
}
