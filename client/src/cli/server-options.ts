import { Option, type Command } from "commander";
import { createJobwireClient, type JobwireClient } from "../create-client.js";
import { causeOf, CliError, exitCodes } from "./exit-code.js";
import { isHeaderValue } from "./header-value.js";

/** Options of every command that speaks to a server. */
export interface ServerOptions {
  readonly url: URL;
  readonly token?: string;
}

export function addServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--url <url>", "where the server is")
        .env("JOBWIRE_URL")
        .default(new URL("http://127.0.0.1:3000"), "http://127.0.0.1:3000")
        .argParser(readUrl),
    )
    .addOption(
      new Option(
        "--token <token>",
        "who you are; better in the environment, where no process list shows it",
      ).env("JOBWIRE_TOKEN"),
    );
}

/** @throws CliError for what cannot be fetched. A password in it is not printed. */
export function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["http:", "https:"].includes(url.protocol))
    throw new CliError(
      `The URL of the server must be like http://127.0.0.1:3000, not ${text}.`,
      exitCodes.usage,
    );
  if (url.username || url.password)
    throw new CliError(
      "The URL has a name or a password in it, which are not sent: see --token and --header.",
      exitCodes.usage,
    );
  return url;
}

/** @throws CliError for what cannot be sent, which is not printed. */
export function bearerOf(token: string): string {
  const bearer = `Bearer ${token.trim()}`;
  if (isHeaderValue(bearer)) return bearer;
  throw new CliError(
    "The token cannot be sent: it has a line break or another character that no header carries.",
    exitCodes.usage,
  );
}

/**
 * A client for a server that answers.
 * @throws CliError when there is no token or nobody answers.
 */
export async function connect({ url, token }: ServerOptions): Promise<JobwireClient> {
  if (token === undefined || token === "") {
    const hint =
      "Set JOBWIRE_TOKEN. For a development server: export JOBWIRE_TOKEN=$(jobwire token --code ...)";
    throw new CliError(`There is no token. ${hint}`, exitCodes.usage);
  }
  bearerOf(token);
  await reach(url);
  return createJobwireClient({ url: hrefOf(url), token });
}

/** A stream waits for its server for ever; a command is to say at once that there is none. */
export async function reach(url: URL): Promise<Response> {
  try {
    return await fetch(`${hrefOf(url)}/healthz`, { signal: AbortSignal.timeout(reachTimeoutMs) });
  } catch (error) {
    throw new CliError(
      `Nobody answers at ${hrefOf(url)}: ${causeOf(error)}. Is the server running? Try: jobwire doctor`,
      exitCodes.unreachable,
      { cause: error },
    );
  }
}

/** Without a slash at its end. */
export function hrefOf(url: URL): string {
  return url.href.replace(/\/+$/, "");
}

/** The page of a job. */
export function linkOf(url: URL, jobId: string): string {
  return `${hrefOf(url)}/jobs/${encodeURIComponent(jobId)}`;
}

const reachTimeoutMs = 5000;
