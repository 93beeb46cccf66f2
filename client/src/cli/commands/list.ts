import { jobStatuses, type Job, type JobStatus } from "@jobwire/shared";
import { InvalidArgumentError, Option, type Command } from "commander";
import colors from "picocolors";
import { z } from "zod";
import { formatDate, formatSeconds, oneLine, stageName } from "../../terminal/text.js";
import { printJson, printTable } from "../output.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";

interface ListOptions extends ServerOptions {
  readonly status?: JobStatus[];
  readonly pipeline?: string;
  readonly project?: string;
  readonly search?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly owner?: string;
  readonly all?: true;
  readonly limit: number;
  readonly after?: string;
  readonly counts?: true;
  readonly json?: true;
}

export function addListCommand(program: Command): void {
  addServerOptions(program.command("list"))
    .description("List jobs, newest first.")
    .addOption(new Option("--status <statuses...>", "only these").choices(jobStatuses))
    .option("--pipeline <name>", "only those of this pipeline")
    .option("--project <name>", "only those that work on this")
    .option("--search <text>", "only those with this in their title or id")
    .option("--since <time>", "only those created at this time or later", readTime)
    .option("--until <time>", "only those created before this time", readTime)
    .option("--owner <userId>", "the jobs of this user (services)")
    .option("--all", "everybody's jobs (services)")
    .option("--limit <number>", "how many at most: 1 to 100", readLimit, 20)
    .option("--after <jobId>", "only those that come after this one")
    .option("--counts", "how many there are in each status, in place of the jobs")
    .option("--json", "one job a line, as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ jobwire list
  $ jobwire list --status failed --pipeline build --since 2026-01-31
  $ jobwire list --search shop --json | jq -r .id
  $ jobwire list --counts --all`,
    )
    .action(listJobs);
}

async function listJobs(options: ListOptions): Promise<void> {
  const { status, pipeline, project, search, since, until, owner, all, limit, after, counts, json } = options;
  await using client = await connect(options);
  const filter = {
    ...(pipeline !== undefined && { pipeline }),
    ...(project !== undefined && { project }),
    ...(search !== undefined && { search }),
    ...(since && { since }),
    ...(until && { until }),
    ...(owner !== undefined && { ownerId: owner }),
    ...(all && { all }),
  };
  if (counts) {
    const found = await client.trpc.jobs.counts.query(filter);
    if (json) printJson(found, null);
    else printTable(jobStatuses.map((name) => [name, String(found[name]).padStart(6)]));
    return;
  }
  const { items, nextCursor } = await client.trpc.jobs.list.query({
    ...filter,
    limit,
    ...(status && { status }),
    ...(after !== undefined && { cursor: after }),
  });
  if (json) for (const job of items) printJson(job, null);
  else if (items.length === 0) process.stderr.write("There are none.\n");
  else printTable(items.map(rowOf));
  if (nextCursor !== null && !json)
    process.stderr.write(colors.dim(`There are more: add --after ${nextCursor}\n`));
}

function rowOf({
  id,
  status,
  stageLabel,
  outcome,
  title,
  pipeline,
  project,
  createdAt,
  updatedAt,
}: Job): string[] {
  const paint = status === "failed" ? colors.red : status === "ready" ? colors.green : colors.cyan;
  return [
    id,
    paint(outcome === "cancelled" ? "Cancelled" : stageName(stageLabel)),
    formatDate(createdAt),
    outcome ? formatSeconds(updatedAt.getTime() - createdAt.getTime()) : "",
    [oneLine(pipeline), oneLine(project)].filter(Boolean).join("/"),
    oneLine(title),
  ];
}

/** ISO 8601, seconds or not. JavaScript itself takes "tomorrow 5" for a day of 2001, and February 31 for one of March. */
const timeSchema = z.union([
  z.iso.date(),
  z.iso.datetime({ offset: true, local: true }),
  z.iso.datetime({ offset: true, local: true, precision: -1 }),
]);

export function readTime(text: string): Date {
  if (timeSchema.safeParse(text).success) return new Date(text);
  throw new InvalidArgumentError("Expected a time such as 2026-01-31 or 2026-01-31T09:30:00Z.");
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit;
  throw new InvalidArgumentError("Expected a whole number from 1 to 100.");
}
