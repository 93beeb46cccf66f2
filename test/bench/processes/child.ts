import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What a child process answers to, by name. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

type Argument<Call> = Call extends (argument: infer Value) => unknown ? Value : never;
type Answer<Call> = Call extends (argument: never) => infer Value ? Awaited<Value> : never;

export interface ChildOptions {
  readonly execArgv?: readonly string[];
}

const maxEndMs = 5000;

/** A process of this bench, and the calls it answers. It ends when this process lets it go or is gone itself. */
export class Child<Handlers extends Calls> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #calls = 0;

  constructor(
    private readonly file: string,
    { execArgv = [] }: ChildOptions = {},
  ) {
    this.#process = fork(file, {
      execArgv: [...execArgv],
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#process.on("message", (message) => this.#settle(message as Reply));
    this.#process.once("exit", (code, signal) => {
      for (const { reject } of this.#open.values()) reject(new Error(`${file} ended with ${signal ?? code}`));
      this.#open.clear();
    });
  }

  call<Name extends keyof Handlers & string>(
    name: Name,
    argument: Argument<Handlers[Name]>,
  ): Promise<Answer<Handlers[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) return reject(new Error(`${this.file} has ended`));
      const id = ++this.#calls;
      this.#open.set(id, { resolve, reject });
      this.#process.send({ id, name, argument } satisfies Request);
    });
  }

  /** Lets the process go, and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    const exited = once(this.#process, "exit");
    if (this.#process.connected) this.#process.disconnect();
    const late = setTimeout(() => this.#process.kill("SIGKILL"), maxEndMs);
    await exited;
    clearTimeout(late);
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  #settle({ id, value, error }: Reply): void {
    const call = this.#open.get(id);
    this.#open.delete(id);
    if (error === undefined) call?.resolve(value as never);
    else call?.reject(new Error(error));
  }
}

interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** To be called in the child: answers until the parent lets go or is gone, then calls `end` and exits. */
export function answerCalls(handlers: Calls, end: () => Promise<void> = async () => {}): void {
  const answer = async ({ id, name, argument }: Request): Promise<Reply> => {
    try {
      return { id, value: await handlers[name]?.(argument as never) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on("message", (request) => {
    void answer(request as Request).then((reply) => process.connected && process.send?.(reply));
  });
  process.once("disconnect", () => void end().finally(() => process.exit()));
}
