import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Remains } from "../support/vanish-process.js";

async function runVanishProcess(): Promise<Remains> {
  const script = fileURLToPath(new URL("../support/vanish-process.ts", import.meta.url));
  const flags = ["--expose-gc", "--conditions=@jobwire/source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, script], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The process ended with ${code}.\n${errors}`);
  return JSON.parse(output) as Remains;
}

describe("ten thousand clients that connect and vanish, two thousand at a time", () => {
  let remains: Remains;
  beforeAll(async () => {
    remains = await runVanishProcess();
  }, 120_000);

  test("streams were opened at all, and none ended otherwise than by its client", () => {
    expect(remains.opened).toBeGreaterThan(1000);
    expect(remains.closes).toEqual({ client: remains.opened });
  });

  test("leave no stream, no socket, no hub and no timer", () => {
    expect(remains).toMatchObject({ streams: 0, sockets: 0, listeners: 0 });
    // The HTTP server's own check of its connections is one.
    expect(remains.timers).toBeLessThanOrEqual(1);
  });

  test("leave no memory: the heap after the last wave is that after the second", () => {
    const [, second = 0, ...later] = remains.heapBytes;
    const grownPerClient = ((later.at(-1) ?? 0) - second) / (2000 * later.length);
    expect(grownPerClient).toBeLessThan(250);
  });
});
