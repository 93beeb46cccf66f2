import type { Job } from "@jobwire/shared";
import type { Command } from "commander";
import colors from "picocolors";
import { stageLine } from "../../terminal/stage-line.js";
import { formatDate, oneLine, printable, stageName } from "../../terminal/text.js";
import { applyJob, emptyJobView } from "../../job-view.js";
import { printJson, printTable } from "../output.js";
import { addServerOptions, connect, linkOf, type ServerOptions } from "../server-options.js";

interface ShowOptions extends ServerOptions {
  readonly json?: true;
}

export function addShowCommand(program: Command): void {
  addServerOptions(program.command("show"))
    .description("Show a job: what it is, its stages, and how it ended.")
    .argument("<jobId>")
    .option("--json", "the job as JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ jobwire show 01a1fd65-bd40-7713-a841-873c44734bd2
  $ jobwire show $JOB --json | jq '.stages[] | [.stage, .durationMs]'`,
    )
    .action(async (jobId: string, { json, ...options }: ShowOptions) => {
      await using client = await connect(options);
      const job = await client.trpc.jobs.get.query({ jobId });
      if (json) printJson(job, null);
      else showJob(job, linkOf(options.url, job.id));
    });
}

function showJob(job: Job, link: string): void {
  const { status, outcome, stageLabel, title, pipeline, project, workerId, createdAt, runAt } = job;
  const { waitingFor, queuePosition, rerunOf, rerunAs, metadata, message } = job;
  const paint = status === "failed" ? colors.red : status === "ready" ? colors.green : colors.cyan;
  const facts: readonly (readonly [string, string | null])[] = [
    ["Status", paint(outcome === "cancelled" ? "Cancelled" : stageName(stageLabel))],
    ["Waits for", waitingFor === "worker" ? colors.yellow("a worker that offers its pipeline") : null],
    ["Before it", queuePosition === null ? null : `${queuePosition} jobs`],
    ["Pipeline", [oneLine(pipeline), oneLine(project)].filter(Boolean).join("/")],
    ["Worker", oneLine(workerId)],
    ["Created", formatDate(createdAt)],
    ["Runs at", runAt && formatDate(runAt)],
    ["Repeats", rerunOf],
    ["Repeated as", rerunAs],
    ...Object.entries(metadata).map(([name, value]) => [oneLine(name), oneLine(value)] as const),
    ["Page", link],
  ];
  process.stdout.write(`${colors.bold(oneLine(title) || job.id)}\n`);
  printTable(facts.flatMap(([name, value]) => (value ? [[colors.dim(name), value]] : [])));
  const { stages } = applyJob(emptyJobView(job.id), job);
  process.stdout.write("\n");
  for (const [index, { percent, message: said }] of job.stages.entries()) {
    const stage = stages[index];
    if (!stage) continue;
    const state = stage.outcome === null ? "running" : stage.outcome === "completed" ? "completed" : "failed";
    const progress = percent === undefined ? null : { stage: stage.stage, percent, message: said ?? null };
    process.stdout.write(`${stageLine(stage, state, progress, process.stdout.columns || 100)}\n`);
  }
  if (outcome && message !== stageLabel) process.stdout.write(`\n${printable(message)}\n`);
}
