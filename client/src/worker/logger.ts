/** A pino logger is one. */
export interface WorkerLogger {
  /** What happens as it should. */
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** What is tried again or dropped, and what has failed a job. */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** What the worker has given up. */
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const silentLogger: WorkerLogger = { info() {}, warn() {}, error() {} };
