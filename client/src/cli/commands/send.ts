import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { z } from "zod";
import { CliError, exitCodes } from "../exit-code.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";

interface SendOptions extends ServerOptions {
  readonly session?: string;
}

export function addSendCommand(program: Command): void {
  addServerOptions(program.command("send"))
    .description("Send a message to browser sessions (services).")
    .argument("<name>", "what kind of message it is")
    .argument("[data]", "what it carries, as JSON; - reads it from stdin", "null")
    .option("--session <requestId>", "only to this session; else to all that are connected")
    .addHelpText(
      "after",
      `
Prints how many sessions got it.

Examples:
  $ jobwire send reload
  $ jobwire send toast '{"text":"Back at 10"}' --session session-42
  $ jq .banner config.json | jobwire send banner -`,
    )
    .action(async (name: string, source: string, { session, ...server }: SendOptions) => {
      const data = parseJson(source === "-" ? await text(process.stdin) : source);
      await using client = await connect(server);
      const { delivered } = await client.trpc.sessions.send.mutate({
        name,
        data,
        ...(session !== undefined && { requestId: session }),
      });
      process.stdout.write(`${delivered}\n`);
    });
}

function parseJson(source: string): z.infer<typeof jsonSchema> {
  try {
    return jsonSchema.parse(JSON.parse(source));
  } catch (error) {
    throw new CliError(
      `The data is not JSON: ${error instanceof Error ? error.message : String(error)} (a text needs quotes: '"text"')`,
      exitCodes.usage,
      { cause: error },
    );
  }
}

const jsonSchema = z.json();
