import { createJobwireClient } from "@jobwire/client";
import { createWorker } from "@jobwire/client/worker";
import { z } from "zod";
import { createBuildPipeline } from "./build-pipeline.js";
import { consoleLogger } from "./console-logger.js";
import { readSettings, usage, UsageError } from "./settings.js";

/** How long a stopped worker may take to finish its job. */
const graceMs = 10_000;

const tokenMessageSchema = z.object({ token: z.string().min(1) });

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nTry --help.`);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  // The parent that read the log may be gone, which is no reason to leave a workspace behind.
  process.stderr.on("error", () => {});
  const settings = await readSettings(process.argv.slice(2), process.env);
  if (!settings) return console.log(usage);
  const { url, projects, leaseMs } = settings;

  let { token } = settings;
  process.on("message", (message) => {
    const fresh = tokenMessageSchema.safeParse(message);
    if (fresh.success) token = fresh.data.token;
  });

  await using worker = createWorker({
    client: createJobwireClient({ url, token: () => token }),
    pipelines: { build: createBuildPipeline(projects) },
    projects: [...projects.keys()],
    leaseMs,
    logger: consoleLogger,
  });
  consoleLogger.info({ workerId: worker.workerId, url, projects: [...projects.keys()] }, "worker started");

  await new Promise<void>((resolve, reject) => {
    const stop = (withinMs: number) => worker.stop({ graceMs: withinMs }).then(resolve, reject);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      let isRepeated = false;
      process.on(signal, () => {
        // Only the same signal: Ctrl-C sends one, and the parent process it ends may send the other.
        if (isRepeated) process.exit(1);
        isRepeated = true;
        consoleLogger.info({ signal, graceMs }, "stopping");
        void stop(graceMs);
      });
    }
    // The parent is gone and nobody waits for the job in hand.
    process.once("disconnect", () => void stop(0));
    if (process.send && !process.connected) void stop(0);
  });
  if (process.connected) process.disconnect();
}
