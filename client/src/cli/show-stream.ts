import type { JobwireClient } from "../create-client.js";
import { noticeConnection } from "./connection-notices.js";
import { exitCodes, type ExitCode } from "./exit-code.js";
import { onInterruption } from "./interruption.js";
import { printJson } from "./output.js";

export interface ShownStream<Event> {
  open(signal: AbortSignal): AsyncIterable<{ readonly id: string; readonly data: Event }>;
  /** An event as a line for people. */
  show(event: Event): string | Promise<string>;
  /** For programs: JSON in place of lines. */
  readonly json: boolean;
}

/** Shows a stream that does not end by itself, until it is interrupted. */
export async function showStream<Event extends object>(
  client: JobwireClient,
  { open, show, json }: ShownStream<Event>,
): Promise<ExitCode> {
  using interruption = onInterruption();
  using _notices = noticeConnection(client.connection);
  for await (const { id, data } of open(interruption.signal)) {
    if (json) printJson(data, id);
    else process.stdout.write(`${await show(data)}\n`);
  }
  return interruption.signal.aborted ? exitCodes.interrupted : exitCodes.done;
}
