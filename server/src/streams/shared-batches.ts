import { FrameBatch, type Frame } from "./frame.js";

const maxBatches = 32;
/** In UTF-16 code units of bodies; each may be encoded in more than one way. */
const maxBodyLength = 1_048_576;

/** Batches that several streams ask for while they catch up: their bytes are made once. */
export class SharedBatches {
  readonly #batches = new Map<string, FrameBatch>();
  #bodyLength = 0;

  /** Frames of one hub as a batch; those who ask for the same get the same, until it is forgotten. */
  of(frames: readonly Frame[], filter: string): FrameBatch {
    const key = `${frames[0]?.id} ${frames.at(-1)?.id} ${filter}`;
    let batch = this.#batches.get(key);
    if (!batch) {
      if (this.#batches.size >= maxBatches || this.#bodyLength >= maxBodyLength) this.clear();
      this.#batches.set(key, (batch = new FrameBatch(frames)));
      for (const { body } of frames) this.#bodyLength += body.length;
    }
    return batch;
  }

  clear(): void {
    // Clearing an empty map allocates all the same, and this runs for each message of each topic.
    if (this.#batches.size === 0) return;
    this.#batches.clear();
    this.#bodyLength = 0;
  }
}
