#!/usr/bin/env node
import { failureOf } from "./exit-code.js";
import { createProgram } from "./program.js";
import { printable } from "../terminal/text.js";

// Whoever reads the output has enough of it, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  const { code, message } = failureOf(error);
  if (message !== "") process.stderr.write(`${printable(message)}\n`);
  process.exitCode = code;
}
