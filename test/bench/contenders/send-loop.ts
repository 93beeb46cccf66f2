import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { usageOf } from "../processes/proc.js";
import type { Contender, ServeOptions, Serving } from "./contender.js";
import { openNchanPublisher } from "./nchan-publisher.js";

/** What `compileSendLoop` makes lies beside the bundle that this module is part of. */
const program = "send-loop";

/** A loop in C that calls send() for every stream and does nothing else; events come in by HTTP. */
export const sendLoop: Contender = {
  name: "send-loop",
  numbersIds: true,
  isSlow: false,
  patienceMs: 5000,
  keepsLogIn: null,
  missing() {
    if (!existsSync("/proc/self/stat")) return "its CPU is read from /proc, which is not here";
    return spawnSync("cc", ["--version"]).error ? "there is no C compiler (cc)" : undefined;
  },
  pathOf: (topic) => `/events/${topic}`,
  serve,
  openPublisher: ({ port }) => openNchanPublisher(port),
};

/** Compiles the program into this folder, where there is a compiler. */
export function compileSendLoop(directory: string): void {
  if (sendLoop.missing?.({ hasRedis: true }) !== undefined) return;
  const source = fileURLToPath(new URL("send-loop.c", import.meta.url));
  const { status, stderr } = spawnSync("cc", ["-O2", "-o", `${directory}/${program}`, source], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`send-loop.c does not compile\n${stderr}`);
}

async function serve({ redisUrl }: ServeOptions): Promise<Serving> {
  const loop = spawn(fileURLToPath(new URL(program, import.meta.url)), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(loop, "exit");
  const [line] = (await once(createInterface(loop.stdout), "line")) as [string];
  const port = Number(line);
  return {
    port,
    ...(redisUrl === null && { publisher: await openNchanPublisher(port) }),
    elsewhere: {
      usage: () => usageOf(loop.pid ?? 0),
      stop: async () => {
        loop.kill("SIGTERM");
        await exited;
      },
    },
  };
}
