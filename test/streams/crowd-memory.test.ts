import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { CrowdRemains } from "./crowd-process.js";

async function runCrowds(): Promise<CrowdRemains> {
  const script = fileURLToPath(new URL("crowd-process.ts", import.meta.url));
  const flags = ["--expose-gc", "--conditions=@jobwire/source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, script], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The process ended with ${code}.\n${errors}`);
  return JSON.parse(output) as CrowdRemains;
}

test(
  "twelve thousand streams of four thousand topics that went through faults and left leave no memory, listener or timer",
  { timeout: 90_000 },
  async () => {
    const { heldBytes, ...remains } = await runCrowds();
    // Of five streams one leaves at once; of five that stay one leaves before it is told of the gap.
    expect(remains).toEqual({
      streams: 12_000,
      events: 2 * 9_600 + 7_680,
      gaps: 7_680,
      listeners: 0,
      timers: 0,
    });
    const [first = 0, last = Infinity] = heldBytes;
    const grownPerStream = (last - first) / 6_000;
    expect(grownPerStream).toBeLessThan(50);
  },
);
