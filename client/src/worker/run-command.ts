import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { OutputStreamName } from "./job-output.js";
import { FailingLine } from "./failing-line.js";
import { superviseGroup } from "./process-group.js";

/** A program to be run, without a shell. */
export interface Command {
  readonly file: string;
  readonly args?: readonly string[];
  /** Default: that of this process. */
  readonly cwd?: string;
  /** Default: that of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: 15 minutes. */
  readonly timeoutMs?: number;
}

/** What ends a program, and where its output goes. */
export interface CommandOptions {
  readonly signal: AbortSignal;
  /** Is given what the program writes, as it comes; the program waits while it does not resolve. */
  readonly write: (text: string, stream: OutputStreamName) => Promise<void>;
}

/** Its message says which command failed and how, and the first line that looks like the reason. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

const defaultTimeoutMs = 900_000;

/**
 * Runs a program. Whatever the end, nothing is left of it and of what it started in its process group.
 * @throws CommandError when it fails or takes too long; Error when there is no such program.
 * @throws the signal's reason when that ended it.
 */
export async function runCommand(command: Command, { signal, write }: CommandOptions): Promise<void> {
  const { file, args = [], cwd, env = process.env, timeoutMs = defaultTimeoutMs } = command;
  signal.throwIfAborted();
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const failing = new FailingLine();
  const follow = async (stream: Readable, name: OutputStreamName) => {
    // Bytes that are no UTF-8 become replacement characters, and a character may be split between two chunks.
    const decoder = new TextDecoder();
    const take = async (text: string) => {
      if (text === "") return;
      failing.take(text, name);
      await write(text, name);
    };
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>)
        await take(decoder.decode(chunk, { stream: true }));
    } catch {
      // The pipe was given up: a process that left the group would hold it for ever.
    }
    await take(decoder.decode());
  };
  const reading = Promise.all([follow(child.stdout, "stdout"), follow(child.stderr, "stderr")]);
  const isOvertime = await superviseGroup(child, { timeoutMs, signal });
  await reading;
  signal.throwIfAborted();
  if (child.exitCode === 0 && !isOvertime) return;
  const title = [file, ...args].join(" ");
  const end = isOvertime
    ? `was ended after ${timeoutMs / 1000} s`
    : child.signalCode
      ? `was ended by ${child.signalCode}`
      : `exited with code ${child.exitCode}`;
  const line = failing.text;
  throw new CommandError(`${title} ${end}${line === "" ? "; it said nothing." : `: ${line}`}`);
}
