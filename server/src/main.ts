#!/usr/bin/env node
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import type { Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { builtDashboard } from "./built-dashboard.js";
import { readConfig, withDataFolder, type Config } from "./config.js";
import { createTokens } from "./http/auth/create-tokens.js";
import { createLog } from "./create-log.js";
import { Member } from "./processes/member.js";
import { Primary } from "./processes/primary.js";
import { startServer, type RunningServer } from "./start-server.js";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.js";

const help = `Usage: jobwire-server [options]

Serves the Jobwire API: tRPC and its event streams at /trpc, /healthz, /readyz and /metrics.
Without REDIS_URL and JOBWIRE_DATA everything is kept in memory and gone after a restart.

Options:
  --worker <module>  run this worker program beside the server
  --no-worker        run none (as JOBWIRE_WORKER=off does)
  --data <dir>       keep everything in this folder when neither REDIS_URL nor JOBWIRE_DATA is set
  --dashboard <dir>  serve the built dashboard in this folder at /, not the one of this package
  --no-dashboard     serve none
  -h, --help         show this

Examples:
  PORT=8080 jobwire-server --data ./jobwire-data
  REDIS_URL=redis://127.0.0.1:6379 JWT_SECRET=... NODE_ENV=production jobwire-server

Environment: docs/configuration.md
`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      worker: { type: "string" },
      "no-worker": { type: "boolean" },
      "no-dashboard": { type: "boolean" },
      dashboard: { type: "string" },
      data: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return console.log(help);
  const config = readConfig(withDataFolder(process.env, values.data));
  const log = createLog(config.logLevel);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const run: Run = {
    config,
    log,
    registry,
    dashboard: values["no-dashboard"] ? undefined : (values.dashboard ?? builtDashboard()),
    worker: config.runsWorker && !values["no-worker"] ? values.worker : undefined,
  };
  const member = Member.ofThisProcess(registry);
  if (member) await runAsMember(run, member);
  else if (config.processes > 1) await runProcesses(run);
  else await runAlone(run);
}

interface Run {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  readonly dashboard: string | undefined;
  readonly worker: string | undefined;
}

async function runAlone({ config, worker: module, ...options }: Run): Promise<void> {
  const stopped = stopSignal();
  await using server = await startServer(config, options);
  console.log(greeting(server, config, options.dashboard !== undefined));
  const worker = module === undefined ? undefined : await startWorker(module, server, options.log);
  await stopped;

  // Nothing new begins, streams are sent to another server, and what runs may finish: calls are still answered.
  await Promise.all([server.drain(), worker?.stop({ withinMs: config.tasks.drainMs })]);
  // Leaving this block closes the server: the calls in hand are answered, and the store goes last.
}

async function runAsMember({ config, worker: _, ...options }: Run, member: Member): Promise<void> {
  try {
    await using server = await startServer(config, { ...options, others: member });
    member.tellListening(server.url);
    await member.stopped;
    await server.drain();
  } finally {
    // Nothing else keeps it running.
    if (process.connected) process.disconnect();
  }
}

async function runProcesses({ config, log, dashboard, worker: module }: Run): Promise<void> {
  const stopped = stopSignal();
  const sharedSecret = randomBytes(32).toString("hex");
  const { signer, handsOutTokens } = createTokens(config, sharedSecret);
  const developmentCode = config.isProduction
    ? null
    : (config.developmentCode ?? randomBytes(18).toString("base64url"));
  const primary = await Primary.start({
    processes: config.processes,
    maxMegabytes: config.processMaxMegabytes,
    environment: { sharedSecret, developmentCode },
    log,
  });
  const server = { url: primary.url, signer, handsOutTokens, developmentCode };
  console.log(greeting(server, config, dashboard !== undefined));
  console.log(`  Pids    ${primary.processIds.join(" ")}`);
  const worker = module === undefined ? undefined : await startWorker(module, server, log);
  await stopped;
  await Promise.all([primary.stop(), worker?.stop({ withinMs: config.tasks.drainMs })]);
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    process.on("SIGTERM", stop).on("SIGINT", stop);
  });
}

async function startWorker(
  module: string,
  { url, signer }: Pick<RunningServer, "url" | "signer">,
  log: Logger,
): Promise<WorkerProcess | undefined> {
  if (signer) return startWorkerProcess({ module, url, signer, log });
  log.warn("no worker started: with JWT_JWKS_URL it needs a token from you; start it by hand");
  return undefined;
}

function greeting(
  { url, handsOutTokens, developmentCode }: Omit<RunningServer, "drain" | typeof Symbol.asyncDispose>,
  { dataFolder, redisUrl, isTesting }: Config,
  hasDashboard: boolean,
): string {
  const embedded = dataFolder ?? "in memory (set REDIS_URL or JOBWIRE_DATA to keep events)";
  const store = redisUrl === undefined ? embedded : "Redis";
  const signIn = handsOutTokens ? `#code=${developmentCode}` : "";
  const lines = [`Jobwire listens on ${url}`];
  if (hasDashboard) lines.push(`  Page    ${url}/${signIn}`);
  lines.push(`  API     ${url}/trpc`, `  Store   ${store}`);
  if (handsOutTokens)
    lines.push(`  Token   curl '${url}/api/dev/token?sub=alice&role=user&code=${developmentCode}'`);
  else if (isTesting) lines.push(`  Code    ${developmentCode} (for /api/testing, as x-jobwire-code)`);
  return lines.join("\n");
}
