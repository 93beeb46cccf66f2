import { roles, type Role } from "@jobwire/shared";
import { Option, type Command } from "commander";
import { SignJWT } from "jose/jwt/sign";
import { z } from "zod";
import { answerTextOf } from "../answer-text.js";
import { CliError, exitCodes } from "../exit-code.js";
import { addServerOptions, hrefOf, reach, type ServerOptions } from "../server-options.js";

interface TokenOptions extends ServerOptions {
  readonly sub: string;
  readonly role: Role;
  readonly secret?: string;
  readonly code?: string;
}

export function addTokenCommand(program: Command): void {
  addServerOptions(program.command("token"))
    .description("Print a token that is valid for 12 hours.")
    .option("--sub <name>", "who it speaks for", "alice")
    .addOption(new Option("--role <role>", "what it may do").choices(roles).default("user"))
    .addOption(
      new Option("--secret <secret>", "sign it here; else a development server on this machine makes it").env(
        "JWT_SECRET",
      ),
    )
    .addOption(
      new Option("--code <code>", "what the development server printed at its start").env("JOBWIRE_DEV_CODE"),
    )
    .addHelpText(
      "after",
      `
Examples:
  $ export JOBWIRE_TOKEN=$(jobwire token --code ...)
  $ JOBWIRE_TOKEN=$(jobwire token --code ... --role service) jobwire send reload
  $ JWT_SECRET=... jobwire token --sub ops --role service`,
    )
    .action(async ({ url, sub, role, secret, code = "" }: TokenOptions) => {
      const token =
        secret === undefined ? await askServer(url, { sub, role, code }) : await sign(secret, sub, role);
      process.stdout.write(`${token}\n`);
    });
}

async function askServer(
  url: URL,
  { sub, role, code }: { readonly sub: string; readonly role: Role; readonly code: string },
): Promise<string> {
  await reach(url);
  const query = new URLSearchParams({ sub, role }).toString();
  const response = await fetch(`${hrefOf(url)}/api/dev/token?${query}`, {
    headers: { "x-jobwire-code": code },
  });
  if (response.ok) return answerSchema.parse(await response.json()).token;
  if (response.status === 403) {
    const message = "The server wants the code that it printed at its start: --code, or JOBWIRE_DEV_CODE.";
    throw new CliError(message, exitCodes.refused);
  }
  const reason =
    response.status === 404
      ? "This server makes no tokens: it has a secret or keys of its own. Sign one with its JWT_SECRET, or get one from whoever runs it."
      : `The server refused (${response.status}): ${await answerTextOf(response)}`;
  throw new CliError(reason, exitCodes.refused);
}

const answerSchema = z.object({ token: z.string() });

async function sign(secret: string, sub: string, role: Role): Promise<string> {
  return new SignJWT({ role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("12h")
    .sign(new TextEncoder().encode(secret));
}
