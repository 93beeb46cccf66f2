/**
 * Who writes what the schema describes. `sent`: the server does, and clients of the older version read it. `received`:
 * clients of the older version do, and the server reads it.
 */
export type SchemaDirection = "sent" | "received";

/** One difference between two versions of a schema. */
export interface SchemaChange {
  /** `additive`: what was built against the older version still works. */
  readonly kind: "additive" | "breaking";
  /** Where: `jobs.create.title`, `JobStreamEvent|build.progress`. */
  readonly path: string;
  readonly message: string;
}

export function additive(path: string, message: string): SchemaChange {
  return { kind: "additive", path, message };
}

export function breaking(path: string, message: string): SchemaChange {
  return { kind: "breaking", path, message };
}

/** More values are valid than before. A reader may not know them. */
export function wider(direction: SchemaDirection, path: string, message: string): SchemaChange {
  return direction === "sent" ? breaking(path, message) : additive(path, message);
}

/** Fewer values are valid than before. A writer may still send the others. */
export function narrower(direction: SchemaDirection, path: string, message: string): SchemaChange {
  return direction === "sent" ? additive(path, message) : breaking(path, message);
}
