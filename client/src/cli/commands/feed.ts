import { jobEventTypes, type JobEventType } from "@jobwire/shared";
import { Option, type Command } from "commander";
import { eventLine } from "../../terminal/event-line.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";
import { showStream } from "../show-stream.js";

interface FeedOptions extends ServerOptions {
  readonly json?: true;
  readonly after?: string;
  readonly types?: JobEventType[];
}

export function addFeedCommand(program: Command): void {
  addServerOptions(program.command("feed"))
    .description("Follow all your jobs, until Ctrl-C.")
    .option("--json", "one event a line, as JSON with its id")
    .option("--after <id>", "only what follows the event with this id")
    .addOption(new Option("--types <types...>", "only events of these types").choices(jobEventTypes))
    .addHelpText(
      "after",
      `
Examples:
  $ jobwire feed
  $ jobwire feed --types build.stage.started
  $ jobwire feed --json --after "$LAST_ID" >> events.ndjson`,
    )
    .action(async ({ json, after, types, ...server }: FeedOptions) => {
      await using client = await connect(server);
      process.exitCode = await showStream(client, {
        open: (signal) =>
          client.trpc.jobs.feed.subscribe(
            { ...(after !== undefined && { lastEventId: after }), ...(types !== undefined && { types }) },
            { signal },
          ),
        show: (event) => ("jobId" in event ? `${event.jobId}  ${eventLine(event)}` : eventLine(event)),
        json: json === true,
      });
    });
}
