import type { Command } from "commander";
import colors from "picocolors";
import { skip, type Finding } from "../doctor/check.js";
import { checkReadiness, checkServer } from "../doctor/check-server.js";
import { checkStream } from "../doctor/check-stream.js";
import { checkToken } from "../doctor/check-token.js";
import { exitCodes } from "../exit-code.js";
import { printJson } from "../output.js";
import { oneLine } from "../../terminal/text.js";
import { addServerOptions, type ServerOptions } from "../server-options.js";

interface DoctorOptions extends ServerOptions {
  readonly json?: true;
}

export function addDoctorCommand(program: Command): void {
  addServerOptions(program.command("doctor"))
    .description("Examine the way to a server and say what to mend.")
    .option("--json", "one finding a line, as JSON")
    .addHelpText(
      "after",
      `
Looks at the URL, the clock, Redis (by /readyz), the token, and whether a proxy on the way delays or cuts
streams: it waits for one heartbeat, 15 seconds as a rule. Ends with 1 when a check fails, with 3 when nobody
answers.

Examples:
  $ jobwire doctor
  $ jobwire doctor --url https://jobs.example.com --json`,
    )
    .action(async ({ url, token, json }: DoctorOptions) => {
      const findings: Finding[] = [];
      for await (const finding of examine(url, token)) {
        findings.push(finding);
        if (json) printJson(finding, null);
        else process.stdout.write(`${lineOf(finding)}\n`);
      }
      const failed = findings.filter(({ status }) => status === "fail");
      if (failed.length === 0) return;
      process.exitCode = failed.some(({ check }) => check === "server")
        ? exitCodes.unreachable
        : exitCodes.failed;
    });
}

/** What depends on something that failed is skipped. */
async function* examine(url: URL, token: string | undefined): AsyncGenerator<Finding, void> {
  const server = await checkServer(url);
  yield* server;
  if (server.some(({ status }) => status === "fail")) {
    for (const check of ["store", "token", "stream"]) yield skip(check, "needs the server");
    return;
  }
  yield* await checkReadiness(url);
  const finding = await checkToken(url, token);
  yield finding;
  if (finding.status === "fail" || token === undefined) yield skip("stream", "needs a token");
  else yield* await checkStream(url, token);
}

const symbols = {
  pass: colors.green("✔"),
  warn: colors.yellow("!"),
  fail: colors.red("✖"),
  skip: colors.dim("-"),
} as const;

function lineOf({ check, status, message, fix }: Finding): string {
  const line = `${symbols[status]} ${status}  ${check.padEnd(9)}  ${oneLine(message)}`;
  return fix === undefined ? line : `${line}\n${" ".repeat(19)}fix: ${fix}`;
}
