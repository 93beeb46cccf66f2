import { writeSync } from "node:fs";
import { formatCursor } from "@jobwire/shared";
import { AppError } from "../../server/src/app-error.js";
import { openFileStore } from "../../server/src/store/file-store.js";
import type { NewEvent } from "../../server/src/store/store.js";

/**
 * Commits to a file store without end, as several callers at once, and prints each answer as it comes:
 * `<topic> <number> <cursor>`. Each topic has a state that counts its events. `node file-writer.ts <folder> <callers>
 * <body bytes> <commits>`
 */
const [folder = "", callers = "4", bytes = "2000", commits = "Infinity"] = process.argv.slice(2);
/** At once, and not when the reader has time: what waits in a process that is killed is lost. */
const say = (line: string) => writeSync(1, `${line}\n`);
// A file that has come to the size this process may write is an error of the write, not the end of the process.
process.on("SIGXFSZ", () => {});

// After everything of the program was read: another user may not see it.
if (process.env.AS_USER !== undefined) process.setuid?.(Number(process.env.AS_USER));
const store = await openFileStore({
  folder,
  maxEvents: 100,
  onReachable: (reachable) => say(reachable ? "reachable" : "unreachable"),
}).catch((error: unknown) => {
  say(String(error));
  return process.exit(1);
});
say("open");

await Promise.all(Array.from({ length: Number(callers) }, (_, index) => write(`topic ${index}`)));
await store[Symbol.asyncDispose]();
say("done");

async function write(topic: string): Promise<void> {
  const scope = "files";
  const { cursor } = await store.head({ scope, topic });
  await store.listen(
    { scope, topic },
    { onMessage: ({ entries }) => entries.forEach(({ type }) => say(`heard ${type}`)), onRestored() {} },
  );
  for (let number = cursor.offset + 1; number <= Number(commits); number++) {
    const event: NewEvent = { topic, type: `${topic}#${number}`, body: "x".repeat(Number(bytes)) };
    const change = {
      scope,
      state: {
        key: topic,
        set: { count: String(number) },
        index: ["all", number % 2 ? "odd" : "even"],
        unlist: [number % 2 ? "even" : "odd"],
        due: number,
      },
      events: [event],
      idempotencyKey: event.type,
    };
    for (;;) {
      try {
        const committed = await store.commit(change);
        if (!committed.accepted) throw new Error("Nobody else writes here.");
        say(`${topic}#${number} ${committed.cursors.map(formatCursor).join()}`);
        break;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        say(`refused ${error.reason}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}
