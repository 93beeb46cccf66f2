import type { Command } from "commander";
import colors from "picocolors";
import type { JobStreamEvent } from "@jobwire/shared";
import type { JobwireClient } from "../../create-client.js";
import { createJobDisplay } from "../../terminal/job-display.js";
import { printable } from "../../terminal/text.js";
import { noticeConnection } from "../connection-notices.js";
import { exitCodes, type ExitCode } from "../exit-code.js";
import { onInterruption } from "../interruption.js";
import { printJson } from "../output.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";

export interface WatchOptions extends ServerOptions {
  readonly json?: true;
  readonly after?: string;
}

export function addWatchCommand(program: Command): void {
  addServerOptions(program.command("watch"))
    .description("Follow a job to its end. Ends with 0 when it is ready and with 1 when it failed.")
    .argument("<jobId>")
    .option("--json", "one event a line, as JSON with its id")
    .option("--after <id>", "only what follows the event with this id")
    .addHelpText(
      "after",
      `
On a terminal it shows a bar for each stage, elsewhere a line for each event.

Examples:
  $ jobwire watch 01a1fd65-bd40-7713-a841-873c44734bd2
  $ jobwire watch $JOB --json | jq -r 'select(.type == "build.progress") | .percent'
  $ jobwire watch $JOB > build.log && deploy`,
    )
    .action(async (jobId: string, options: WatchOptions) => {
      await using client = await connect(options);
      process.exitCode = await watchJob(client, jobId, options);
    });
}

/** Shows a job until it is finished. */
export async function watchJob(
  client: JobwireClient,
  jobId: string,
  { json, after }: Pick<WatchOptions, "json" | "after">,
): Promise<ExitCode> {
  using interruption = onInterruption();
  const { signal } = interruption;
  const job = await client.trpc.jobs.get.query({ jobId });
  if (signal.aborted) return exitCodes.interrupted;
  let last: JobStreamEvent | undefined;
  {
    using display = json ? null : createJobDisplay(process.stdout, after === undefined ? job : null);
    using _notices = noticeConnection(client.connection, display?.notice);
    const events = client.jobs.watch(jobId, { signal, ...(after !== undefined && { lastEventId: after }) });
    for await (const event of events) {
      if (display) display.show(event);
      else printJson(event, events.lastEventId);
      last = event;
    }
  }
  if (signal.aborted) {
    if (!json)
      process.stderr.write(
        `The job goes on. Follow it again: jobwire watch ${jobId}; stop it: jobwire cancel ${jobId}\n`,
      );
    return exitCodes.interrupted;
  }
  return await conclude(client, jobId, last);
}

/** The last event says how the job ended; one who asked for what follows it is told by the job. */
async function conclude(
  client: JobwireClient,
  jobId: string,
  last: JobStreamEvent | undefined,
): Promise<ExitCode> {
  const { status, message, stageLabel } =
    last?.type === "build.stage.started" ? last : await client.trpc.jobs.get.query({ jobId });
  if (status === "ready") {
    if (process.stdout.isTTY) process.stderr.write(`${colors.green(stageLabel)}\n`);
    return exitCodes.done;
  }
  process.stderr.write(
    `${colors.red(stageLabel)}\n${message === stageLabel ? "" : `${printable(message)}\n`}`,
  );
  return exitCodes.failed;
}
