import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { nowUs } from "../event.js";
import { StreamCheck } from "./stream-check.js";
import { Tally, type Latencies } from "./tally.js";

export interface FleetOptions {
  readonly port: number;
  readonly streams: readonly { path: string; token: string; lastEventId?: string }[];
  /** How many may be connecting at the same time. */
  readonly concurrency: number;
  /** The first event that each stream is to receive. */
  readonly firstSeq: number;
  readonly numbersIds: boolean;
}

export interface Expectation {
  /** The last event that each stream is to receive. */
  readonly lastSeq: number;
  /** After how long a silence what is missing counts as lost. */
  readonly patienceMs: number;
  readonly recordsLatency: boolean;
}

export interface Received {
  /** Events since the last time, in all streams. */
  readonly events: number;
  /** In how many reads they came, heartbeats included. */
  readonly reads: number;
  /** Since the streams were opened. */
  readonly lost: number;
  readonly doubled: number;
  readonly lastAtUs: number;
  readonly latencies: Latencies | null;
}

const readBuffer = Buffer.allocUnsafe(256 * 1024);
const checkEveryMs = 20;

/** Many SSE streams to one server, each checked. */
export class Fleet {
  readonly #tally = new Tally();
  readonly #streams: { socket: Socket; check: StreamCheck }[] = [];
  #reported = { received: 0, reads: 0 };

  /** Resolves when all streams have started. @returns when the first request was sent */
  async connect(options: FleetOptions): Promise<number> {
    const { streams, concurrency } = options;
    const startedAtUs = nowUs();
    const waiting = streams.values();
    const work = async () => {
      for (const stream of waiting) await this.#open(options, stream);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return startedAtUs;
  }

  /** Resolves when every stream has received the last event, or nothing comes any more. */
  async receive({ lastSeq, patienceMs, recordsLatency }: Expectation): Promise<Received> {
    const tally = this.#tally;
    if (this.#lost(lastSeq) > 0) {
      tally.lastSeq = lastSeq;
      tally.completed = this.#streams.filter(({ check }) => check.lost(lastSeq) === 0).length;
      tally.lastAtUs = nowUs();
      if (recordsLatency) tally.startLatencies();
      const isSilent = () => nowUs() - tally.lastAtUs > patienceMs * 1000;
      while (tally.completed < this.#streams.length && !isSilent()) await delay(checkEveryMs);
    }
    const { received, reads } = this.#reported;
    this.#reported = { received: tally.received, reads: tally.reads };
    return {
      events: tally.received - received,
      reads: tally.reads - reads,
      lost: this.#lost(lastSeq),
      doubled: this.#streams.reduce((sum, { check }) => sum + check.doubled, 0),
      lastAtUs: tally.lastAtUs,
      latencies: tally.takeLatencies(),
    };
  }

  /** Reads without an event so far. */
  get quietReads(): number {
    return this.#tally.quietReads;
  }

  async close(): Promise<void> {
    await Promise.all(this.#streams.map(({ socket }) => ended(socket)));
  }

  #lost(lastSeq: number): number {
    return this.#streams.reduce((sum, { check }) => sum + check.lost(lastSeq), 0);
  }

  #open(options: FleetOptions, { path, token, lastEventId }: FleetOptions["streams"][number]): Promise<void> {
    const { port, firstSeq, numbersIds } = options;
    return new Promise((resolve, reject) => {
      const check = new StreamCheck({
        tally: this.#tally,
        firstSeq,
        numbersIds,
        onOpen: (error) => (error ? reject(error) : resolve()),
      });
      const socket = connect({
        port,
        host: "127.0.0.1",
        onread: {
          buffer: readBuffer,
          callback(length) {
            check.receive(readBuffer.subarray(0, length));
            return true;
          },
        },
      });
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("The server closed a stream before it started.")));
      const lines = [
        `GET ${path} HTTP/1.1`,
        "Host: 127.0.0.1",
        "Accept: text/event-stream",
        `Authorization: Bearer ${token}`,
        ...(lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`]),
      ];
      socket.write(`${lines.join("\r\n")}\r\n\r\n`);
      this.#streams.push({ socket, check });
    });
  }
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve()).destroy();
  });
}
