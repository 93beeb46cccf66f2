import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { builtProgram } from "./build-programs.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a program that says on stdout, as one line of JSON, what is left after what it did. It may ask for a collection. */
export async function remainsOf<Remains>(program: Parameters<typeof builtProgram>[0]): Promise<Remains> {
  const args = ["--expose-gc", builtProgram(program)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return JSON.parse(stdout) as Remains;
}
