import { spawn } from "node:child_process";
import { jobStatuses, type Job, type JobStatus } from "@jobwire/shared";
import { Argument, type Command } from "commander";
import type { JobwireClient } from "../../create-client.js";
import { stageName } from "../../terminal/text.js";
import { printJson } from "../output.js";
import { addServerOptions, connect, linkOf, type ServerOptions } from "../server-options.js";
import { watchJob } from "./watch.js";

interface ManageOptions extends ServerOptions {
  readonly json?: true;
}

interface Managing {
  readonly name: string;
  readonly description: string;
  readonly examples: string;
}

export function addCancelCommand(program: Command): void {
  addManaging(program, {
    name: "cancel",
    description: "Stop a job. Its worker ends what it runs for it.",
    examples: `  $ jobwire cancel $JOB --reason "wrong branch"`,
  })
    .option("--reason <text>", "why, for people")
    .action((jobId: string, { reason, ...options }: ManageOptions & { reason?: string }) =>
      manage(options, ({ trpc }) =>
        trpc.jobs.cancel.mutate({ jobId, ...(reason !== undefined && { reason }) }),
      ),
    );
}

export function addTransitionCommand(program: Command): void {
  addManaging(program, {
    name: "transition",
    description: "Say that a job is in another status (services).",
    examples: `  $ jobwire transition $JOB starting\n  $ jobwire transition $JOB failed --message "no space left"`,
  })
    .addArgument(new Argument("<to>").choices(jobStatuses))
    .option("--message <text>", "what people read; default: the label of the status")
    .action((jobId: string, to: JobStatus, { message, ...options }: ManageOptions & { message?: string }) =>
      manage(options, ({ trpc }) =>
        trpc.jobs.transition.mutate({ jobId, to, ...(message !== undefined && { message }) }),
      ),
    );
}

export function addRemoveCommand(program: Command): void {
  addManaging(program, {
    name: "remove",
    description: "Drop a finished job with all that is known of it. There is no way back.",
    examples: "  $ jobwire remove $JOB",
  }).action(async (jobId: string, { json, ...options }: ManageOptions) => {
    await using client = await connect(options);
    const answer = await client.trpc.jobs.remove.mutate({ jobId });
    if (json) printJson({ id: jobId, ...answer }, null);
    else process.stdout.write(`${jobId}  Removed\n`);
  });
}

export function addRerunCommand(program: Command): void {
  addManaging(program, {
    name: "rerun",
    description: "Create a job like another one, and print its id.",
    examples: "  $ jobwire rerun $JOB --watch",
  })
    .option("--watch", "follow the new job to its end, as jobwire watch does")
    .action(async (jobId: string, options: ManageOptions & { watch?: true }) => {
      await using client = await connect(options);
      const job = await client.trpc.jobs.rerun.mutate({ jobId });
      if (options.watch) process.exitCode = await watchJob(client, job.id, options);
      else if (options.json) printJson(job, null);
      else process.stdout.write(`${job.id}\n`);
    });
}

export function addOpenCommand(program: Command): void {
  addServerOptions(program.command("open"))
    .description("Open a job's page in the browser, and print where it is.")
    .argument("<jobId>")
    .option("--print", "print where it is only")
    .addHelpText("after", `\nExamples:\n  $ jobwire open $JOB\n  $ jobwire open $JOB --print`)
    .action(async (jobId: string, { print, ...options }: ServerOptions & { print?: true }) => {
      await using client = await connect(options);
      const { id } = await client.trpc.jobs.get.query({ jobId });
      const link = linkOf(options.url, id);
      process.stdout.write(`${link}\n`);
      if (!print) openInBrowser(link);
    });
}

function addManaging(program: Command, { name, description, examples }: Managing): Command {
  return addServerOptions(program.command(name))
    .description(description)
    .argument("<jobId>")
    .option("--json", "the job as JSON")
    .addHelpText("after", `\nExamples:\n${examples}`);
}

async function manage(
  { json, ...options }: ManageOptions,
  call: (client: JobwireClient) => Promise<Job>,
): Promise<void> {
  await using client = await connect(options);
  const job = await call(client);
  if (json) printJson(job, null);
  else process.stdout.write(`${job.id}  ${stageName(job.stageLabel)}\n`);
}

/** Who has no browser has the link. */
function openInBrowser(link: string): void {
  const programs = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] } as const;
  const [file, ...args] =
    process.platform in programs ? programs[process.platform as "darwin"] : ["xdg-open"];
  spawn(file ?? "", [...args, link], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
