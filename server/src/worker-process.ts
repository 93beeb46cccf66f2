import { fork, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { timerMs } from "@jobwire/shared";
import type { Logger } from "pino";
import type { TokenSigner } from "./http/auth/tokens.js";

export interface WorkerProcessOptions {
  /** The program: a module path, relative to the working directory. */
  readonly module: string;
  readonly url: string;
  readonly signer: TokenSigner;
  readonly log: Logger;
}

export interface WorkerProcess {
  /** Tells it to finish (SIGTERM) within `withinMs`, kills it when it does not, and resolves when it has ended. */
  stop(options: { readonly withinMs: number }): Promise<void>;
}

const tokenLifetimeMs = 24 * 60 * 60 * 1000;
/** What a worker may take to clean up after the job in hand. */
const cleanUpMs = 2000;
const restartDelayMs = 1000;

/**
 * Runs a worker program beside the server, as the service "worker": in a process of its own, so that what it builds
 * cannot harm the server, and started again when it dies. It gets `JOBWIRE_URL` and `JOBWIRE_TOKEN`, fresh tokens as
 * IPC messages `{ token }`, and ends when the server does.
 */
export async function startWorkerProcess({
  module,
  url,
  signer,
  log,
}: WorkerProcessOptions): Promise<WorkerProcess> {
  const sign = () =>
    signer.sign({ userId: "worker", role: "service", expiresAt: new Date(Date.now() + tokenLifetimeMs) });
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let stopping = false;

  const start = async () => {
    const env = { ...process.env, JOBWIRE_URL: url, JOBWIRE_TOKEN: await sign() };
    if (stopping) return;
    child = fork(resolve(module), { env: withoutSecrets(env) });
    child.on("error", (error) => log.error({ err: error, module }, "worker process failed"));
    child.once("exit", (code, signal) => {
      if (stopping) return;
      log.warn({ code, signal, module }, "worker process ended; it is started again");
      restart = setTimeout(() => void start(), restartDelayMs);
    });
  };
  const refresh = setInterval(() => {
    void sign().then((token) => child?.connected && child.send({ token }));
  }, tokenLifetimeMs / 2).unref();
  await start();

  return {
    async stop({ withinMs }) {
      stopping = true;
      clearInterval(refresh);
      clearTimeout(restart);
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((ended) => child?.once("exit", ended));
      child.kill("SIGTERM");
      const overdue = setTimeout(() => child?.kill("SIGKILL"), timerMs(withinMs + cleanUpMs));
      await exited;
      clearTimeout(overdue);
    },
  };
}

/** What runs other people's build scripts does not see the server's secrets. */
function withoutSecrets({ JWT_SECRET: _, REDIS_URL: __, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}
