import { Readable } from "node:stream";
import { jobStatuses, type JobStatus } from "@jobwire/shared";
import { Option, type Command } from "commander";
import colors from "picocolors";
import type { JobwireClient } from "../../create-client.js";
import { noticeConnection } from "../connection-notices.js";
import { CliError, exitCodes, type ExitCode } from "../exit-code.js";
import { onInterruption } from "../interruption.js";
import { printJson } from "../output.js";
import { addServerOptions, connect, hrefOf, type ServerOptions } from "../server-options.js";

interface OutputOptions extends ServerOptions {
  readonly follow?: true;
  readonly stage?: JobStatus;
  readonly json?: true;
}

export function addOutputCommand(program: Command): void {
  addServerOptions(program.command("output"))
    .description("Print what a job's commands have written.")
    .argument("<jobId>")
    .option("-f, --follow", "go on until the job has ended")
    .addOption(new Option("--stage <stage>", "only what was written in this stage").choices(jobStatuses))
    .option("--json", "one piece a line, as JSON with its id")
    .addHelpText(
      "after",
      `
What was written to stderr goes to stderr.

Examples:
  $ jobwire output $JOB
  $ jobwire output $JOB --follow --stage checks
  $ jobwire output $JOB 2>/dev/null | less -R`,
    )
    .action(async (jobId: string, { follow, stage, json, ...options }: OutputOptions) => {
      await using client = await connect(options);
      const { outcome } = await client.trpc.jobs.get.query({ jobId });
      process.exitCode =
        follow || json || outcome
          ? await followOutput(client, { jobId, ...(stage !== undefined && { stage }) }, json === true)
          : await printText(options, jobId, stage);
    });
}

/** To the end of the job. */
async function followOutput(
  client: JobwireClient,
  input: { readonly jobId: string; readonly stage?: JobStatus },
  json: boolean,
): Promise<ExitCode> {
  using interruption = onInterruption();
  using _notices = noticeConnection(client.connection);
  let position = 0;
  for await (const { id, data } of client.trpc.jobs.output.subscribe(input, {
    signal: interruption.signal,
  })) {
    if (json) printJson(data, id);
    else if (data.type === "output.appended") {
      const missing = data.firstCharacter - position;
      if (missing > 0 && input.stage === undefined)
        process.stderr.write(colors.yellow(`[${missing} characters are no longer kept]\n`));
      position = data.firstCharacter + data.text.length;
      process[data.stream].write(data.text);
    }
  }
  return interruption.signal.aborted ? exitCodes.interrupted : exitCodes.done;
}

/** What there is by now. */
async function printText(
  { url, token = "" }: ServerOptions,
  jobId: string,
  stage?: JobStatus,
): Promise<ExitCode> {
  const query = stage === undefined ? "" : `?stage=${stage}`;
  const answer = await fetch(`${hrefOf(url)}/api/jobs/${encodeURIComponent(jobId)}/output.txt${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok)
    throw new CliError(`The output is refused with status ${answer.status}.`, exitCodes.refused);
  const parts: AsyncIterable<Uint8Array> = answer.body ?? Readable.from([]);
  for await (const part of parts) process.stdout.write(part);
  return exitCodes.done;
}
