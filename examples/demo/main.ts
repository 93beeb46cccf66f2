import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJobDisplay, formatSeconds, printable } from "@jobwire/client/terminal";
import colors from "picocolors";
import { readNpmPackage } from "../build-worker/npm-package.js";
import { buildOnce, type BuildResult } from "./build-once.js";
import { keepPicture, keepText, openFile } from "./keep-results.js";

const usage = `Usage: npm run demo [-- <folder>]

Builds an npm project with Jobwire and shows it live: starts a server that keeps everything in memory and the sample
build worker, creates a job and follows its events over HTTP. What it leaves is the picture of what was built, or what the
commands of a failed build have written: it says where.

  <folder>  The project: a folder with a package.json. Default: examples/site

Options:
  --open    Opens the picture in the browser.
  --help    Shows this.

Exit codes: 0 the build is ready, 1 it failed, 2 the folder is no npm project, 130 Ctrl-C.

Examples:
  npm run demo
  npm run demo -- ../my-app --open
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
  /** The picture is to be shown. */
  readonly isOpened: boolean;
}

/** @returns `null` when help was asked for. */
async function readProject(args: readonly string[]): Promise<Project | null> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { help: { type: "boolean" }, open: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help) return null;
  const [path = fileURLToPath(new URL("../site", import.meta.url)), ...more] = positionals;
  if (more.length > 0) throw new Error("Name one folder.");
  const folder = resolve(path);
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) throw new Error(`There is no folder ${folder}.`);
  const { name } = await readNpmPackage(folder).catch((error: unknown) => {
    throw new Error(`${folder}: ${messageOf(error)}`, { cause: error });
  });
  return { folder, title: name, isOpened: values.open === true };
}

async function build({ folder, title, isOpened }: Project): Promise<number> {
  const interrupted = new AbortController();
  process.on("SIGINT", () => {
    if (interrupted.signal.aborted) process.exit(interruptedCode);
    interrupted.abort();
  });
  const startedAtMs = performance.now();
  const results: string[] = [];
  let picture: string | null = null;
  let result: BuildResult;
  try {
    console.log(`Building ${colors.bold(title)} from ${folder}\n`);
    using display = createJobDisplay(process.stdout);
    result = await buildOnce({
      folder,
      title,
      signal: interrupted.signal,
      onEvent(event) {
        display.show(event);
        if (event.type === "snapshot.updated") {
          picture = event.url;
          results.push(`  Snapshot       ${event.caption ?? ""}`);
        }
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
  const { job, output } = result;
  if (job.status === "ready") {
    const path = picture === null ? null : await keepPicture(picture, title);
    if (path !== null) results.push(`  Picture        ${path}`);
    console.log([`\n${colors.green(job.stageLabel)} ${elapsed}`, ...results].join("\n"));
    if (path !== null && isOpened) openFile(path);
    return 0;
  }
  const path = await keepText(output, title);
  console.error(`\n${colors.red(job.stageLabel)} ${elapsed}\n\n${printable(job.message)}`);
  console.error(`All that it wrote: ${path}`);
  const [, command] = /^(.+?) (exited with|was ended)/.exec(job.message) ?? [];
  if (command !== undefined) console.error(`Try it yourself: cd ${folder} && ${command}`);
  return 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
