import cluster, { type Worker } from "node:cluster";
import type { Logger } from "pino";
import { MemberMetrics } from "./member-metrics.js";
import { memberMessageSchema, sharedSecretVariable, type PrimaryMessage } from "./messages.js";

export interface PrimaryOptions {
  readonly processes: number;
  /** A process with more memory than this is replaced; `undefined`: none is. */
  readonly maxMegabytes: number | undefined;
  readonly environment: {
    readonly sharedSecret: string;
    readonly developmentCode: string | null;
  };
  readonly log: Logger;
}

const restartDelayMs = 1000;

/**
 * Several processes that run this same program and listen on one port. One that dies is replaced, and one that has grown
 * too big is, after its successor listens.
 */
export class Primary {
  readonly #metrics = new MemberMetrics();
  readonly #listening = new Set<Worker>();
  /** What is replaced now, and by whom. */
  #replacement: { readonly old: Worker; readonly successor: Worker } | undefined;
  #restarts = new Set<NodeJS.Timeout>();
  #url: string | undefined;
  #isStopping = false;

  private constructor(private readonly options: PrimaryOptions) {}

  /** Resolves once all listen. Rejects when one ends before that; then none is left. */
  static async start(options: PrimaryOptions): Promise<Primary> {
    // Each accepts for itself. In Node's own turns a connection that is on its way to a process that dies hangs for ever.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    const primary = new Primary(options);
    await new Promise<void>((resolve, reject) => {
      cluster.on("message", (member, message) => primary.#hear(member, message, resolve));
      cluster.on("exit", (_, code, signal) => {
        if (primary.#areAllListening || primary.#isStopping) return;
        void primary.stop();
        reject(new Error(`A process ended before all were listening: ${signal ?? `exit code ${code}`}.`));
      });
      cluster.on("exit", (member) => primary.#onExit(member));
      for (let index = 0; index < options.processes; index++) primary.#fork();
    });
    return primary;
  }

  get url(): string {
    return this.#url ?? "";
  }

  /** Of those that run now. */
  get processIds(): number[] {
    return membersNow().flatMap(({ process: { pid } }) => pid ?? []);
  }

  /** Every process drains and ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    const members = membersNow();
    for (const member of members) tell(member, { type: "jobwire:stop" });
    await Promise.all(members.map((member) => new Promise((resolve) => member.once("exit", resolve))));
  }

  get #areAllListening(): boolean {
    return this.#url !== undefined;
  }

  #fork(): Worker {
    const { sharedSecret, developmentCode } = this.options.environment;
    const member = cluster.fork({
      [sharedSecretVariable]: sharedSecret,
      ...(developmentCode !== null && { JOBWIRE_DEV_CODE: developmentCode }),
    });
    // One that has just died cannot be told anything; that it is gone is heard by its exit.
    return member.on("error", (error) =>
      this.options.log.debug(
        { err: error, process: member.process.pid },
        "a process could not be told something",
      ),
    );
  }

  #hear(member: Worker, received: unknown, onAllListening: () => void): void {
    const { data: message } = memberMessageSchema.safeParse(received);
    if (message?.type === "jobwire:listening") {
      // What was said before it could listen to this process was not heard.
      if (this.#isStopping) return tell(member, { type: "jobwire:stop" });
      this.#listening.add(member);
      if (this.#listening.size === this.options.processes && !this.#areAllListening) {
        this.#url = message.url;
        onAllListening();
        for (const each of this.#listening) tell(each, { type: "jobwire:ready" });
      } else if (this.#areAllListening) tell(member, { type: "jobwire:ready" });
      if (this.#replacement?.successor === member) tell(this.#replacement.old, { type: "jobwire:stop" });
    } else if (message?.type === "jobwire:memory") this.#onMemory(member, message.megabytes);
    else if (message?.type === "jobwire:metrics") void this.#answerMetrics(member, message.request);
    else if (message?.type === "jobwire:counted")
      this.#metrics.hear(member, message.request, message.metrics);
  }

  #onMemory(member: Worker, megabytes: number): void {
    const { maxMegabytes, log } = this.options;
    if (maxMegabytes === undefined || megabytes <= maxMegabytes) return;
    if (this.#replacement || this.#isStopping || !this.#areAllListening) return;
    log.warn({ process: member.process.pid, megabytes }, "a process has too much memory; it is replaced");
    this.#replacement = { old: member, successor: this.#fork() };
  }

  #onExit(member: Worker): void {
    this.#listening.delete(member);
    this.#metrics.onExit(member);
    const { old, successor } = this.#replacement ?? {};
    if (member === old || member === successor) this.#replacement = undefined;
    // Its successor is there already, or, when that one died, still the process that was to be replaced.
    if (this.#isStopping || !this.#areAllListening || membersNow().length >= this.options.processes) return;
    const { exitCode: code, signalCode: signal, pid } = member.process;
    this.options.log.error({ process: pid, code, signal }, "a process ended; another one is started");
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#fork();
    }, restartDelayMs);
    this.#restarts.add(timer);
  }

  async #answerMetrics(member: Worker, request: number): Promise<void> {
    const text = await this.#metrics.text([...this.#listening], (each, count) =>
      tell(each, { type: "jobwire:count", request: count }),
    );
    tell(member, { type: "jobwire:metrics", request, text });
  }
}

function membersNow(): Worker[] {
  return Object.values(cluster.workers ?? {}).flatMap((member) =>
    member && !member.isDead() ? [member] : [],
  );
}

function tell(member: Worker, message: PrimaryMessage): void {
  if (member.isConnected()) member.send(message);
}
