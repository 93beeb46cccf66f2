import colors from "picocolors";
import type { ConnectionStore } from "../connection-state.js";
import { oneLine } from "../terminal/text.js";
import { causeOf } from "./exit-code.js";

/** Says when a stream is broken and when it goes on: on stderr, or to whoever draws on the terminal. */
export function noticeConnection(
  { getSnapshot, subscribe }: ConnectionStore,
  notice: (text: string) => void = (text) => void process.stderr.write(text),
): Disposable {
  let isBroken = false;
  const unsubscribe = subscribe(() => {
    const { state, lastError } = getSnapshot();
    if (state === "waiting" && !isBroken) {
      isBroken = true;
      const reason = lastError ? `: ${oneLine(causeOf(lastError))}` : "";
      notice(colors.yellow(`The stream is broken${reason}. Connecting again...\n`));
    } else if (state === "live" && isBroken) {
      isBroken = false;
      notice(colors.yellow("Connected; nothing is lost unless the stream says so.\n"));
    }
  });
  return { [Symbol.dispose]: unsubscribe };
}
