import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const usage = `Usage: build-worker [options]

Claims jobs with the pipeline "build" and builds the npm project each one names: copies it to a temporary folder,
hashes its sources, installs what it depends on, runs its build and test scripts and publishes what came of them.

Options:
  --project <name>=<folder>  May be built, by this name; repeatable. Without it: site, the example next to this program.
  --lease-ms <number>        How long a claim outlives a worker that died (1000 to 600000, default 30000).
  --help                     Shows this.

Environment:
  JOBWIRE_URL    Where the server is. Default http://127.0.0.1:3000
  JOBWIRE_TOKEN  A token with the role "service". A parent process may send {"token": "..."} over IPC instead.

Examples:
  node --conditions=@jobwire/source --import tsx examples/build-worker/main.ts
  node --conditions=@jobwire/source --import tsx examples/build-worker/main.ts --project shop=../shop --project api=/srv/api

In development the server hands out a token:
  export JOBWIRE_TOKEN=$(curl -s "http://127.0.0.1:3000/api/dev/token?sub=worker&role=service&code=$CODE" | jq -r .token)
`;

export interface Settings {
  readonly url: string;
  readonly token: string;
  /** Folder by project name. */
  readonly projects: ReadonlyMap<string, string>;
  readonly leaseMs: number;
}

/**
 * @returns `null` when help was asked for.
 * @throws UsageError when an option or variable is wrong or missing.
 */
export async function readSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Settings | null> {
  const { help, project, "lease-ms": leaseText } = parse(args);
  if (help) return null;
  const { JOBWIRE_URL: url = "http://127.0.0.1:3000", JOBWIRE_TOKEN: token } = env;
  if (!URL.canParse(url))
    throw new UsageError(`JOBWIRE_URL ${url}: expected a URL such as http://127.0.0.1:3000.`);
  if (!token)
    throw new UsageError(`JOBWIRE_TOKEN is not set: the worker needs a token with the role "service".`);
  const leaseMs = Number(leaseText);
  if (!Number.isInteger(leaseMs) || leaseMs < 1000 || leaseMs > 600_000) {
    throw new UsageError(`--lease-ms ${leaseText}: expected a whole number from 1000 to 600000.`);
  }
  return { url, token, projects: await readProjects(project), leaseMs };
}

/** The message names the option or variable and what it should be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", default: false },
        project: { type: "string", multiple: true, default: [] },
        "lease-ms": { type: "string", default: "30000" },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function readProjects(texts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (texts.length === 0) return new Map([["site", fileURLToPath(new URL("../site", import.meta.url))]]);
  const projects = new Map<string, string>();
  for (const text of texts) {
    const [name, folder] = await readProject(text);
    if (projects.has(name))
      throw new UsageError(`--project ${text}: there is another project with this name.`);
    projects.set(name, folder);
  }
  return projects;
}

async function readProject(text: string): Promise<[name: string, folder: string]> {
  const [, name, path] = /^([^=]{1,200})=(.+)$/s.exec(text) ?? [];
  if (name === undefined || path === undefined) {
    throw new UsageError(`--project ${text}: expected <name>=<folder>, such as shop=../shop.`);
  }
  const folder = resolve(path);
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) throw new UsageError(`--project ${text}: there is no folder ${folder}.`);
  return [name, folder];
}
