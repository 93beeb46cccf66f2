import cluster from "node:cluster";
import { pino } from "pino";
import { Primary } from "../../server/src/processes/primary.js";

/** A primary that is stopped before it can hear that one of its processes has died. Says "stopped" then. */
if (cluster.isPrimary) {
  const primary = await Primary.start({
    processes: 2,
    maxMegabytes: undefined,
    environment: { sharedSecret: "", developmentCode: null },
    log: pino({ level: "silent" }),
  });
  const [first = 0] = primary.processIds;
  process.kill(first, "SIGKILL");
  // It is dead when this goes on, and nothing of that was heard: this process stood still.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  await primary.stop();
  process.stdout.write("stopped\n");
} else {
  process.on("message", ({ type }: { type: string }) => {
    if (type === "jobwire:stop") process.exit();
  });
  process.send?.({ type: "jobwire:listening", url: "http://127.0.0.1" });
}
