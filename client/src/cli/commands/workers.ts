import type { Command } from "commander";
import { formatDate, oneLine } from "../../terminal/text.js";
import { printJson, printTable } from "../output.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";

interface WorkersOptions extends ServerOptions {
  readonly json?: true;
}

export function addWorkersCommand(program: Command): void {
  const workers = addServerOptions(program.command("workers"))
    .description("Show who works, on what (services); or what is worked on, and how much waits.")
    .option("--json", "one a line, as JSON")
    .option("--pipelines", "the pipelines in place of the workers: also for users")
    .addHelpText(
      "after",
      `
Examples:
  $ jobwire workers
  $ jobwire workers --pipelines`,
    );
  workers.action(async ({ json, pipelines, ...options }: WorkersOptions & { pipelines?: true }) => {
    await using client = await connect(options);
    const found = pipelines
      ? await client.trpc.pipelines.list.query()
      : await client.trpc.workers.list.query();
    if (json) for (const one of found) printJson(one, null);
    else if (found.length === 0) process.stderr.write("There are none.\n");
    else printTable(found.map(rowOf));
  });
}

type Row =
  | {
      readonly name: string;
      readonly projects: readonly string[];
      readonly workers: number;
      readonly waiting: number;
    }
  | {
      readonly workerId: string;
      readonly host: string;
      readonly pipelines: readonly string[];
      readonly projects: readonly string[];
      readonly running: number;
      readonly since: Date;
    };

function rowOf(row: Row): string[] {
  const projects = row.projects.map(oneLine).join(", ");
  if ("name" in row) return [oneLine(row.name), `${row.workers} workers`, `${row.waiting} waiting`, projects];
  const { workerId, host, pipelines, running, since } = row;
  const offered = pipelines.map(oneLine).join(", ");
  return [
    oneLine(workerId),
    oneLine(host),
    offered,
    projects,
    `${running} running`,
    `since ${formatDate(since)}`,
  ];
}
