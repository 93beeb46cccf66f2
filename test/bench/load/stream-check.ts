import { minEventBytes, nowUs, sentAtMark, seqMark } from "../event.js";
import { scanAfterMark, scanIds } from "./number-scan.js";
import { Sequence } from "./sequence.js";
import type { Tally } from "./tally.js";

const scanSeqs = scanAfterMark(seqMark, minEventBytes);
const scanIdLines = scanIds(minEventBytes);
const sentAt = scanAfterMark(sentAtMark, 0);
const lineFeed = 10;
const headEnd = Buffer.from("\r\n\r\n");

export interface StreamCheckOptions {
  readonly tally: Tally;
  readonly firstSeq: number;
  /** The ids are numbers, to be checked too. */
  readonly numbersIds: boolean;
  /** Called once: without an error when the response has started well. */
  readonly onOpen: (error?: Error) => void;
}

/** Reads the bytes of one SSE response: cheaply, but every event and every id. */
export class StreamCheck {
  readonly #seqs: Sequence;
  readonly #ids: Sequence | null;
  #head: Buffer | null = Buffer.alloc(0);
  /** Bytes that could not be read to their end yet, and from where each scan goes on in them. */
  #rest: Buffer | null = null;
  #seqFrom = 0;
  #idFrom = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #readAtUs = 0;

  constructor(private readonly options: StreamCheckOptions) {
    this.#seqs = new Sequence(options.firstSeq);
    this.#ids = options.numbersIds ? new Sequence(options.firstSeq) : null;
  }

  /** @param bytes are not kept: the memory may be used again */
  receive(bytes: Buffer): void {
    const body = this.#head ? this.#readHead(this.#head, bytes) : bytes;
    if (body && body.length > 0) this.#readEvents(body);
  }

  lost(lastSeq: number): number {
    return Math.max(this.#seqs.lost(lastSeq), this.#ids?.lost(lastSeq) ?? 0);
  }

  get doubled(): number {
    return Math.max(this.#seqs.doubled, this.#ids?.doubled ?? 0);
  }

  /** @returns what follows the head; `null` while it is not complete */
  #readHead(known: Buffer, bytes: Buffer): Buffer | null {
    const head = Buffer.concat([known, bytes]);
    this.#head = head;
    const end = head.indexOf(headEnd);
    if (end === -1) return null;
    this.#head = null;
    const [status = ""] = head.toString("latin1", 0, end).split("\r\n");
    const isOk = /^HTTP\/1\.1 200\b/.test(status);
    this.options.onOpen(isOk ? undefined : new Error(`${status} ${head.toString("utf8", end, end + 300)}`));
    return head.subarray(end + headEnd.length);
  }

  #readEvents(bytes: Buffer): void {
    const { tally } = this.options;
    const before = tally.received;
    this.#bytes = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    this.#readAtUs = tally.recordsLatency ? nowUs() : 0;
    const all = this.#bytes;
    const seqNext = scanSeqs(all, this.#seqFrom, this.#seeSeq);
    const idNext = this.#ids ? scanIdLines(all, this.#idFrom, this.#seeId) : all.length;
    if (all[all.length - 1] === lineFeed) {
      this.#rest = null;
      this.#seqFrom = this.#idFrom = 0;
    } else {
      const start = Math.min(seqNext, idNext);
      this.#rest = Buffer.from(all.subarray(start));
      this.#seqFrom = seqNext - start;
      this.#idFrom = idNext - start;
    }
    tally.reads += 1;
    if (tally.received === before) tally.quietReads += 1;
    else tally.lastAtUs = this.#readAtUs || nowUs();
  }

  readonly #seeSeq = (seq: number, end: number): void => {
    const { tally } = this.options;
    tally.received += 1;
    this.#seqs.see(seq);
    if (seq === tally.lastSeq) tally.completed += 1;
    if (this.#readAtUs === 0) return;
    sentAt(this.#bytes.subarray(end, end + sentAtMark.length + 20), 0, (sentAtUs) => {
      tally.recordLatency(this.#readAtUs - sentAtUs);
    });
  };

  readonly #seeId = (id: number): void => {
    this.#ids?.see(id);
  };
}
