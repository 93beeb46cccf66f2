import type { Spool } from "@jobwire/shared";
import type { Command } from "commander";
import colors from "picocolors";
import type { JobwireClient, JobwireTrpc } from "../../create-client.js";
import { spoolLine } from "../../terminal/event-line.js";
import { oneLine } from "../../terminal/text.js";
import { printJson, printTable } from "../output.js";
import { addServerOptions, connect, type ServerOptions } from "../server-options.js";
import { showStream } from "../show-stream.js";

interface SpoolOptions extends ServerOptions {
  readonly json?: true;
}

interface ListOptions extends SpoolOptions {
  readonly available?: true;
  readonly taken?: true;
}

interface WatchOptions extends SpoolOptions {
  readonly after?: string;
}

export function addSpoolsCommand(program: Command): void {
  const spools = program
    .command("spools")
    .description("Show the spool board, follow it, and act on it.")
    .addHelpText(
      "after",
      `
Examples:
  $ jobwire spools
  $ jobwire spools list --available
  $ jobwire spools watch
  $ jobwire spools tomar MK-1342 Ana`,
    );
  addServerOptions(spools.command("list", { isDefault: true }))
    .description("the board as it is (the default)")
    .option("--available", "only those nobody has")
    .option("--taken", "only those somebody has")
    .option("--json", "one spool a line, as JSON")
    .action(listSpools);
  addServerOptions(spools.command("watch"))
    .description("every change, until Ctrl-C")
    .option("--json", "one event a line, as JSON with its id")
    .option("--after <id>", "only what follows the event with this id")
    .action(watchSpools);
  addServerOptions(spools.command("register"))
    .description("put a spool on the board (services)")
    .argument("<tagSpool>")
    .argument("[estadoDetalle]")
    .option("--json", "the spool as JSON")
    .action((tagSpool: string, estadoDetalle: string | undefined, options: SpoolOptions) =>
      act(options, (calls) =>
        calls.register.mutate({ tagSpool, ...(estadoDetalle !== undefined && { estadoDetalle }) }),
      ),
    );
  for (const [action, description] of workerActions) {
    addServerOptions(spools.command(action))
      .description(description)
      .argument("<tagSpool>")
      .argument("<workerNombre>")
      .option("--json", "the spool as JSON")
      .action((tagSpool: string, workerNombre: string, options: SpoolOptions) =>
        act(options, (calls) => calls[action].mutate({ tagSpool, workerNombre })),
      );
  }
  addServerOptions(spools.command("state"))
    .description("change a spool's detail")
    .argument("<tagSpool>")
    .argument("<estadoDetalle>")
    .option("--json", "the spool as JSON")
    .action((tagSpool: string, estadoDetalle: string, options: SpoolOptions) =>
      act(options, (calls) => calls.changeState.mutate({ tagSpool, estadoDetalle })),
    );
}

const workerActions = [
  ["tomar", "take a spool for a worker"],
  ["pausar", "release it"],
  ["completar", "complete its operation; the worker keeps it"],
] as const;

async function listSpools({ available, taken, json, ...server }: ListOptions): Promise<void> {
  await using client = await connect(server);
  const isFiltered = available !== taken;
  const spools = await client.trpc.spools.list.query(isFiltered ? { available: available === true } : {});
  show(spools, json);
}

async function watchSpools({ json, after, ...server }: WatchOptions): Promise<void> {
  await using client = await connect(server);
  process.exitCode = await showStream(client, {
    open: (signal) =>
      client.trpc.spools.updates.subscribe(after === undefined ? {} : { lastEventId: after }, { signal }),
    show: spoolLine,
    json: json === true,
  });
}

async function act(
  { json, ...server }: SpoolOptions,
  call: (calls: JobwireTrpc["spools"]) => Promise<Spool>,
): Promise<void> {
  await using client: JobwireClient = await connect(server);
  show([await call(client.trpc.spools)], json);
}

function show(spools: readonly Spool[], json: true | undefined): void {
  if (json) {
    for (const spool of spools) printJson(spool, null);
  } else if (spools.length === 0) process.stderr.write("There are none.\n");
  else printTable(spools.map(rowOf));
}

function rowOf({ tagSpool, workerNombre, estadoDetalle, completed }: Spool): string[] {
  const state = workerNombre === null ? colors.green("available") : completed ? "completed" : "taken";
  return [oneLine(tagSpool), state, oneLine(workerNombre) || "-", oneLine(estadoDetalle)];
}
