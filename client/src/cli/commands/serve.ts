import type { RunningServer } from "@jobwire/server";
import type { Command } from "commander";
import { CliError, exitCodes } from "../exit-code.js";
import { onInterruption } from "../interruption.js";

interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly redis?: string;
}

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("Start a server, until Ctrl-C. Without Redis everything is kept in a folder.")
    .option("--port <port>", "where to listen; 0 takes a free port (PORT, 3000)")
    .option("--host <address>", "on which address (HOST, 127.0.0.1)")
    .option("--data <folder>", "keep everything in this folder; off: in memory (JOBWIRE_DATA, .jobwire)")
    .option("--redis <url>", "keep everything in this Redis (REDIS_URL)")
    .addHelpText(
      "after",
      `
The environment of jobwire-server applies; options come before it. It runs no worker.

Examples:
  $ jobwire serve
  $ jobwire serve --data off
  $ jobwire serve --port 8080 --redis redis://127.0.0.1:6379
  $ LOG_LEVEL=debug jobwire serve`,
    )
    .action(serve);
}

async function serve({ port, host, data, redis }: ServeOptions): Promise<void> {
  const { builtDashboard, readConfig, startServer, withDataFolder } = await loadServer();
  using interruption = onInterruption();
  const config = readConfigOrExplain(() =>
    readConfig(
      withDataFolder(
        {
          ...process.env,
          ...(port !== undefined && { PORT: port }),
          ...(host !== undefined && { HOST: host }),
          ...(data !== undefined && { JOBWIRE_DATA: data }),
          ...(redis !== undefined && { REDIS_URL: redis }),
        },
        ".jobwire",
      ),
    ),
  );
  if (config.processes > 1)
    throw new CliError(
      "serve is one process. Leave JOBWIRE_PROCESSES out, or start jobwire-server.",
      exitCodes.usage,
    );
  const dashboard = builtDashboard();
  await using server = await startServer(config, { dashboard });
  const lines = [
    `Jobwire listens on ${server.url}`,
    ...(dashboard === undefined ? [] : [`  page   ${server.url}/${codeOf(server)}`]),
    `  store  ${config.redisUrl === undefined ? (config.dataFolder ?? "in memory, gone after a restart") : "Redis"}`,
    ...(server.handsOutTokens
      ? [
          `  token  export JOBWIRE_TOKEN=$(jobwire token --url ${server.url} --code ${server.developmentCode})`,
        ]
      : []),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  await aborted(interruption.signal);
}

/** In the link of the page, which takes it from there. */
function codeOf({ handsOutTokens, developmentCode }: RunningServer): string {
  return handsOutTokens ? `#code=${developmentCode}` : "";
}

async function loadServer() {
  try {
    return await import("@jobwire/server");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CliError("serve needs the server: npm install @jobwire/server", exitCodes.usage, {
      cause: error,
    });
  }
}

function readConfigOrExplain<Config>(read: () => Config): Config {
  try {
    return read();
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), exitCodes.usage, {
      cause: error,
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
