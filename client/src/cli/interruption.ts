import { exitCodes } from "./exit-code.js";

/** Aborted by Ctrl-C and SIGTERM; a second Ctrl-C ends the process at once. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

export function onInterruption(): Interruption {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void process.off("SIGINT", interrupt).off("SIGTERM", interrupt),
  };
}
