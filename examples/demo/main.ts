import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJobDisplay, formatSeconds } from "@jobwire/client/terminal";
import type { Job } from "@jobwire/shared";
import colors from "picocolors";
import { readNpmPackage } from "../build-worker/npm-package.js";
import { buildOnce } from "./build-once.js";

const usage = `Usage: npm run demo [-- <folder>]

Builds an npm project with Jobwire and shows it live: starts a server that keeps everything in memory and the sample
build worker, creates a job and follows its events over HTTP. Nothing of it is left afterwards.

  <folder>  The project: a folder with a package.json. Default: examples/site

Options:
  --help    Shows this.

Exit codes: 0 the build is ready, 1 it failed, 2 the folder is no npm project, 130 Ctrl-C.

Examples:
  npm run demo
  npm run demo -- ../my-app
`;

const interruptedCode = 130;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let project: Project | null;
  try {
    project = await readProject(args);
  } catch (error) {
    console.error(`${messageOf(error)}\nTry --help.`);
    return 2;
  }
  if (project) return build(project);
  console.log(usage);
  return 0;
}

interface Project {
  readonly folder: string;
  readonly title: string;
}

/** @returns `null` when help was asked for. */
async function readProject(args: readonly string[]): Promise<Project | null> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help) return null;
  const [path = fileURLToPath(new URL("../site", import.meta.url)), ...more] = positionals;
  if (more.length > 0) throw new Error("Name one folder.");
  const folder = resolve(path);
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) throw new Error(`There is no folder ${folder}.`);
  const { name } = await readNpmPackage(folder);
  return { folder, title: name };
}

async function build({ folder, title }: Project): Promise<number> {
  const interrupted = new AbortController();
  process.on("SIGINT", () => {
    if (interrupted.signal.aborted) process.exit(interruptedCode);
    interrupted.abort();
  });
  const startedAtMs = performance.now();
  const results: string[] = [];
  let job: Job;
  try {
    console.log(`Building ${colors.bold(title)} from ${folder}\n`);
    using display = createJobDisplay(process.stdout);
    job = await buildOnce({
      folder,
      title,
      signal: interrupted.signal,
      onEvent(event) {
        display.show(event);
        if (event.type === "snapshot.updated") results.push(`  Snapshot       ${event.caption ?? ""}`);
        if (event.type === "documentation.updated") results.push(`  Documentation  ${event.title}`);
      },
    });
  } catch (error) {
    if (!interrupted.signal.aborted) {
      console.error(messageOf(error));
      return 1;
    }
    console.error("\nStopped.");
    return interruptedCode;
  }
  const elapsed = formatSeconds(performance.now() - startedAtMs);
  if (job.status === "ready") {
    console.log([`\n${colors.green(job.stageLabel)} ${elapsed}`, ...results].join("\n"));
    return 0;
  }
  console.error(`\n${colors.red(job.stageLabel)} ${elapsed}\n\n${job.message}`);
  return 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
