import { InvalidArgumentError, type Command } from "commander";
import colors from "picocolors";
import { addServerOptions, connect, linkOf } from "../server-options.js";
import { printJson } from "../output.js";
import { readTime } from "./list.js";
import { watchJob, type WatchOptions } from "./watch.js";

interface CreateOptions extends WatchOptions {
  readonly title?: string;
  readonly pipeline?: string;
  readonly project?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly runAt?: Date;
  readonly watch?: true;
}

export function addCreateCommand(program: Command): void {
  addServerOptions(program.command("create"))
    .description("Create a job and print its id.")
    .option("--title <title>", "what people read")
    .option("--pipeline <name>", "the kind of worker that is to do it; without one it is driven from outside")
    .option("--project <name>", "what the worker is to work on, by the name its operator gave it")
    .option("--metadata <key=value>", "your own notes; repeat it for more", addEntry)
    .option("--run-at <time>", "when it is to be queued, such as 2026-01-31T09:30:00Z", readTime)
    .option("--watch", "follow the job to its end, as jobwire watch does")
    .option("--json", "the job, or with --watch its events, as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ jobwire create --title "Shop" --metadata branch=main
  $ jobwire create --pipeline build --project site --watch
  $ JOB=$(jobwire create --pipeline build --project site)`,
    )
    .action(async ({ title, pipeline, project, metadata, runAt, ...options }: CreateOptions) => {
      await using client = await connect(options);
      const job = await client.trpc.jobs.create.mutate({
        ...(title !== undefined && { title }),
        ...(pipeline !== undefined && { pipeline }),
        ...(project !== undefined && { project }),
        ...(metadata !== undefined && { metadata: { ...metadata } }),
        ...(runAt && { runAt }),
      });
      if (options.watch && !options.json)
        process.stderr.write(`${job.id}\n${colors.dim(linkOf(options.url, job.id))}\n`);
      if (options.watch) process.exitCode = await watchJob(client, job.id, options);
      else if (options.json) printJson(job, null);
      else process.stdout.write(`${job.id}\n`);
    });
}

function addEntry(text: string, entries: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("Expected key=value.");
  return { ...entries, [key]: value };
}
