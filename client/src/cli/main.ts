#!/usr/bin/env node
import { exitCodes, failureOf } from "./exit-code.js";
import { createProgram } from "./program.js";
import { printable } from "../terminal/text.js";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads the output has enough of it, as `head` does.
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  process.stderr.write(`The output cannot be written: ${error.message}\n`);
  process.exit(exitCodes.failed);
});
// What is said beside the output ends nothing when nobody reads it.
process.stderr.on("error", () => {});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const { code, message } = failureOf(error);
  if (message !== "") process.stderr.write(`${printable(message)}\n`);
  process.exitCode = code;
}
