import type { Command } from "commander";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";

interface AnnounceOptions extends ServerOptions {
  readonly changelog?: string;
  readonly session?: string;
}

export function addAnnounceCommand(program: Command): void {
  addServerOptions(program.command("announce"))
    .description("Tell browser sessions of a new version, and those that connect later (services).")
    .argument("<version>")
    .option("--changelog <text>", "what has changed, for people")
    .option("--session <requestId>", "only this session")
    .addHelpText(
      "after",
      `
Prints how many sessions got it at once.

Examples:
  $ jobwire announce 1.4.0 --changelog "Faster search"
  $ jobwire announce 1.5.0-beta --session session-42`,
    )
    .action(async (version: string, { changelog, session, ...server }: AnnounceOptions) => {
      await using client = await connect(server);
      const { delivered } = await client.trpc.versions.announce.mutate({
        version,
        ...(changelog !== undefined && { changelog }),
        ...(session !== undefined && { requestId: session }),
      });
      process.stdout.write(`${delivered}\n`);
    });
}
