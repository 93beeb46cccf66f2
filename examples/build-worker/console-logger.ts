import type { WorkerLogger } from "@jobwire/client/worker";

/** One line each on stderr: time, level, message and what it is about. */
export const consoleLogger: WorkerLogger = {
  info: (fields, message) => write("info", fields, message),
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

function write(level: string, fields: Readonly<Record<string, unknown>>, message: string): void {
  const said = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(readable(value))}`);
  console.error([new Date().toISOString(), level, message, ...said].join(" "));
}

function readable(value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
