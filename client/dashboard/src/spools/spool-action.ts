import type { Spool } from "@jobwire/shared";

export type SpoolAction = "tomar" | "pausar" | "completar";

/** What this worker may do with it; of others' spools nothing but wait. */
export function actionsFor(
  { workerNombre, completed }: Spool,
  worker: string,
): readonly { readonly action: SpoolAction; readonly label: string }[] {
  if (workerNombre === null) return [{ action: "tomar", label: "Take" }];
  if (workerNombre !== worker) return [];
  const release = { action: "pausar", label: completed ? "Release" : "Pause" } as const;
  return completed ? [release] : [{ action: "completar", label: "Complete" }, release];
}
