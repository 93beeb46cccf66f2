import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addAnnounceCommand } from "./commands/announce.js";
import { addCompletionCommand } from "./commands/completion.js";
import { addCreateCommand } from "./commands/create.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addFeedCommand } from "./commands/feed.js";
import { addListCommand } from "./commands/list.js";
import {
  addCancelCommand,
  addOpenCommand,
  addRemoveCommand,
  addRerunCommand,
  addTransitionCommand,
} from "./commands/manage.js";
import { addOutputCommand } from "./commands/output.js";
import { addSendCommand } from "./commands/send.js";
import { addServeCommand } from "./commands/serve.js";
import { addShowCommand } from "./commands/show.js";
import { addSpoolsCommand } from "./commands/spools.js";
import { addTailCommand } from "./commands/tail.js";
import { addTokenCommand } from "./commands/token.js";
import { addWatchCommand } from "./commands/watch.js";
import { addWorkersCommand } from "./commands/workers.js";

const footer = `
Environment:
  JOBWIRE_URL    where the server is
  JOBWIRE_TOKEN  who you are
  NO_COLOR       no colours

Exit codes:
  0  done; the job is ready      1  the job failed, or a check of doctor
  2  wrong usage, no token       3  nobody answers
  4  the server refused          130  Ctrl-C

Examples:
  $ jobwire serve
  $ export JOBWIRE_TOKEN=$(jobwire token --code ...)
  $ jobwire watch $(jobwire create --title "My first job")
  $ jobwire doctor`;

/** The command line. Running it throws what `failureOf` makes an exit code of. */
export function createProgram(): Command {
  const program = new Command("jobwire")
    .description("Starts, watches and examines a Jobwire server from the command line.")
    .version(readVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help of a command")
    .showHelpAfterError("(jobwire --help shows how it is used)")
    .exitOverride()
    .addHelpText("after", footer);
  for (const add of commands) add(program);
  return program;
}

const commands = [
  addServeCommand,
  addCreateCommand,
  addListCommand,
  addShowCommand,
  addWatchCommand,
  addOutputCommand,
  addCancelCommand,
  addRerunCommand,
  addRemoveCommand,
  addOpenCommand,
  addTransitionCommand,
  addWorkersCommand,
  addFeedCommand,
  addSpoolsCommand,
  addAnnounceCommand,
  addSendCommand,
  addTailCommand,
  addTokenCommand,
  addDoctorCommand,
  addCompletionCommand,
];

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
