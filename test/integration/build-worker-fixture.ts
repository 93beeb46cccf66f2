import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JobStreamEvent } from "@jobwire/shared";
import { builtProgram } from "../support/build-programs.js";
import { Inbox, watchJob } from "../support/collect.js";
import { startTestServer, type TestServer } from "../support/test-server.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const siteFolder = join(root, "examples/site");

export interface Program extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it has printed, line by line; ends with the program. */
  readonly lines: Inbox<string>;
  /** The exit code, or the signal it died of. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
}

/** The worker as one file: it starts in a third of the time. */
export const buildWorkerProgram = builtProgram("examples/build-worker/main.ts");

const sourceFlags = ["--conditions=@jobwire/source", "--import", "tsx"];

/** Starts a program, one of the examples or a built one, as a process of its own, with an IPC channel. */
export function startProgram(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = fork(join(root, path), args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...env },
    execArgv: path.endsWith(".ts") ? sourceFlags : [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const lines = new Inbox<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n")) lines.push(line);
    });
  }
  const exit = once(child, "exit").then(() => child.exitCode ?? child.signalCode);
  child.once("close", () => lines.end());
  return {
    process: child,
    lines,
    exit,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** A temporary folder with these files: text by path. */
export async function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "jobwire-test-")));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface BuildShopOptions {
  /** Folder by project name. */
  readonly projects: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A server and a build worker of its own. */
export interface BuildShop extends AsyncDisposable {
  readonly server: TestServer;
  readonly worker: Program;
  createJob(project?: string): Promise<string>;
  /** All events of a job, once it is over. */
  eventsOf(jobId: string): Promise<JobStreamEvent[]>;
  /** All events of a new job, once it is over. */
  build(project?: string): Promise<JobStreamEvent[]>;
  /** What the commands of the job that these events are of have written. */
  outputOf(events: readonly JobStreamEvent[]): Promise<string>;
  /** Temporary folders the worker has at the moment. */
  temporaryFolders(): Promise<string[]>;
}

export async function openBuildShop({ projects, args = [], env }: BuildShopOptions): Promise<BuildShop> {
  const server = await startTestServer();
  const temporary = await makeFolder();
  const { client, token } = await server.newUser();
  const worker = startProgram(
    buildWorkerProgram,
    [...Object.entries(projects).map(([name, path]) => `--project=${name}=${path}`), ...args],
    {
      JOBWIRE_URL: server.url,
      JOBWIRE_TOKEN: await server.token("worker", "service"),
      TMPDIR: temporary.path,
      ...env,
    },
  );
  await worker.lines.until((line) => line.includes("worker started"));
  const createJob = async (project?: string) =>
    (await client.jobs.create.mutate({ pipeline: "build", ...(project !== undefined && { project }) })).id;
  const eventsOf = async (jobId: string) => {
    using stream = watchJob(client, { jobId });
    return await stream.completed();
  };
  return {
    server,
    worker,
    createJob,
    eventsOf,
    build: async (project) => eventsOf(await createJob(project)),
    async outputOf(events) {
      const jobId = events[0]?.jobId ?? "";
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${server.url}/api/jobs/${jobId}/output.txt`, { headers })).text();
    },
    temporaryFolders: async () =>
      (await readdir(temporary.path)).filter((name) => name.startsWith("jobwire-")),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await temporary[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A package.json with these scripts. */
export function packageJson(scripts: Readonly<Record<string, string>>, more: object = {}): string {
  return JSON.stringify({ name: "sample", version: "1.2.3", scripts, ...more });
}

/** Where a project's script waits, so that a test can look at the build in the middle of it. */
export interface Checkpoint extends AsyncDisposable {
  /** `checkpoint.cjs`: a program that waits here. It exits with 0 once it is let through. */
  readonly program: string;
  /** Resolves once the program waits. The connection closes when the program ends. */
  readonly reached: Promise<Socket>;
}

export async function openCheckpoint(): Promise<Checkpoint> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket.on("error", () => socket.destroy())));
  return {
    program: `require("node:net").connect(${port}, "127.0.0.1")
      .on("data", () => process.exit(0))
      .on("close", () => process.exit(1))`,
    reached: once(server, "connection").then(([socket]: Socket[]) => {
      if (!socket) throw new Error("No connection.");
      return socket.resume();
    }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
