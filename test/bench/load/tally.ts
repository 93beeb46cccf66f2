import { nowUs } from "../event.js";

/** What all streams of the load process have received together. */
export class Tally {
  received = 0;
  /** Reads from a socket, and those of them without an event: heartbeats. */
  reads = 0;
  quietReads = 0;
  lastAtUs = nowUs();
  /** The event that completes a stream, and how many streams it has completed. */
  lastSeq = Infinity;
  completed = 0;
  #latenciesUs: number[] | undefined;

  get recordsLatency(): boolean {
    return this.#latenciesUs !== undefined;
  }

  recordLatency(latencyUs: number): void {
    this.#latenciesUs?.push(latencyUs);
  }

  /** From here on latencies are recorded. */
  startLatencies(): void {
    this.#latenciesUs = [];
  }

  /** Those recorded since `startLatencies`. */
  takeLatencies(): Latencies | null {
    const sorted = Float64Array.from(this.#latenciesUs ?? []).toSorted();
    this.#latenciesUs = undefined;
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return sorted.length === 0 ? null : { p50Us: at(0.5), p99Us: at(0.99), maxUs: at(1) };
  }
}

export interface Latencies {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}
