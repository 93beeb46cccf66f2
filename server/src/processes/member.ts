import cluster from "node:cluster";
import type { Registry } from "prom-client";
import { AppError } from "../app-error.js";
import { primaryMessageSchema, sharedSecretVariable, type MemberMessage } from "./messages.js";

const memoryReportMs = 5000;

/** This process as one of several that listen on one port, and what it says to the primary and hears from it. */
export class Member {
  /** Resolves when the primary says so or is gone, and at a SIGTERM of its own. */
  readonly stopped: Promise<void>;
  readonly sharedSecret = process.env[sharedSecretVariable];
  #areAllReady = false;
  #requests = 0;
  readonly #metrics = new Map<number, (text: string | null) => void>();

  /** The member that this process is; `undefined` when it is alone or the primary. */
  static ofThisProcess(registry: Registry): Member | undefined {
    return cluster.isWorker ? new Member(registry) : undefined;
  }

  private constructor(private readonly registry: Registry) {
    this.stopped = new Promise((resolve) => {
      process.once("SIGTERM", () => resolve()).once("disconnect", () => resolve());
      process.on("message", (message) => this.#hear(message, resolve));
    });
    // A terminal sends it to all; the primary says what follows.
    process.on("SIGINT", () => {});
    setInterval(
      () => this.#tell({ type: "jobwire:memory", megabytes: process.memoryUsage().rss / 1_048_576 }),
      memoryReportMs,
    ).unref();
  }

  get areAllReady(): boolean {
    return this.#areAllReady;
  }

  tellListening(url: string): void {
    this.#tell({ type: "jobwire:listening", url });
  }

  /** What all members have counted, in Prometheus' text format. @throws AppError `STORE_UNAVAILABLE` */
  async metrics(): Promise<string> {
    const request = ++this.#requests;
    const text = await new Promise<string | null>((resolve) => {
      this.#metrics.set(request, resolve);
      this.#tell({ type: "jobwire:metrics", request });
    });
    if (text === null)
      throw new AppError("STORE_UNAVAILABLE", "Not all processes say what they have counted.");
    return text;
  }

  async #tellCounted(request: number): Promise<void> {
    this.#tell({ type: "jobwire:counted", request, metrics: await this.registry.getMetricsAsJSON() });
  }

  #tell(message: MemberMessage): void {
    // A primary that has just died cannot be told anything; that it is gone is heard by the disconnect.
    if (process.connected) process.send?.(message, () => {});
  }

  #hear(received: unknown, stop: () => void): void {
    const { data: message } = primaryMessageSchema.safeParse(received);
    if (message?.type === "jobwire:ready") this.#areAllReady = true;
    else if (message?.type === "jobwire:stop") stop();
    else if (message?.type === "jobwire:count") void this.#tellCounted(message.request);
    else if (message?.type === "jobwire:metrics") {
      this.#metrics.get(message.request)?.(message.text);
      this.#metrics.delete(message.request);
    }
  }
}
