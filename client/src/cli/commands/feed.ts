import { jobEventTypes, type JobEventType } from "@jobwire/shared";
import { Option, type Command } from "commander";
import colors from "picocolors";
import type { JobwireClient } from "../../create-client.js";
import { eventLine } from "../../terminal/event-line.js";
import { oneLine } from "../../terminal/text.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";
import { showStream } from "../show-stream.js";

interface FeedOptions extends ServerOptions {
  readonly json?: true;
  readonly after?: string;
  readonly types?: JobEventType[];
  readonly all?: true;
}

export function addFeedCommand(program: Command): void {
  addServerOptions(program.command("feed"))
    .description("Follow all your jobs from now on, until Ctrl-C.")
    .option("--all", "what is kept of the past first")
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
    .action(async ({ json, after, types, all, ...server }: FeedOptions) => {
      await using client = await connect(server);
      const titles = new Titles(client);
      process.exitCode = await showStream(client, {
        open: (signal) =>
          client.trpc.jobs.feed.subscribe(
            {
              replay: all ? "all" : "none",
              ...(after !== undefined && { lastEventId: after }),
              ...(types !== undefined && { types }),
            },
            { signal },
          ),
        show: async (event) => {
          if (!("jobId" in event)) return eventLine(event);
          const title = await titles.of(event.jobId);
          return [event.jobId, ...(title === "" ? [] : [colors.bold(title)]), eventLine(event)].join("  ");
        },
        json: json === true,
      });
    });
}

const maxTitles = 1000;

/** What jobs are called, asked for once for each. */
class Titles {
  readonly #titles = new Map<string, string>();

  constructor(private readonly client: JobwireClient) {}

  async of(jobId: string): Promise<string> {
    let title = this.#titles.get(jobId);
    if (title === undefined) {
      const job = await this.client.trpc.jobs.get.query({ jobId }).catch(() => null);
      title = oneLine(job?.title);
      if (this.#titles.size >= maxTitles) this.#titles.clear();
      this.#titles.set(jobId, title);
    }
    return title;
  }
}
