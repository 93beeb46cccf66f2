import { spawn } from "node:child_process";
import { commandEnvironment } from "./command-environment.js";
import { OutputTail } from "./output-tail.js";
import { superviseGroup } from "./process-group.js";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with each line of output as it comes, without terminal colours. */
  readonly onLine?: (line: string) => void;
}

/** The message says which command failed and how, and ends with its last output. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/**
 * Runs a program. Whatever the end, nothing is left of it and of what it started in its process group.
 * @throws CommandError when it fails or takes too long.
 * @throws the signal's reason when that ended it.
 */
export async function runCommand(command: Command): Promise<void> {
  const { file, args, cwd, timeoutMs, signal, onLine } = command;
  signal.throwIfAborted();
  const child = spawn(file, args, {
    cwd,
    env: commandEnvironment(process.env),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = new OutputTail(child.stdout, onLine);
  const errors = new OutputTail(child.stderr, onLine);
  const isOvertime = await superviseGroup(child, { timeoutMs, signal });
  signal.throwIfAborted();
  if (child.exitCode === 0 && !isOvertime) return;
  const title = [file, ...args].join(" ");
  const end = isOvertime
    ? `was ended after ${timeoutMs / 1000} s`
    : child.signalCode
      ? `was ended by ${child.signalCode}`
      : `exited with code ${child.exitCode}`;
  // Errors last, where people look first: pipes do not say what was said before what.
  const said = [output.text, errors.text].filter(Boolean).join("\n");
  throw new CommandError(`${title} ${end}.\n\n${said || "It said nothing."}`);
}
