import type { Cursor } from "@jobwire/shared";
import { groupKey, type Follower } from "./followers.js";
import type { BatchWriter, FrameSink } from "./frame-sink.js";
import type { Frame } from "./frame.js";
import type { StreamSource } from "./stream-source.js";
import type { HubLease } from "./topic-hubs.js";
import { TopicReader } from "./topic-reader.js";

/** What is written at once while catching up, in UTF-16 code units of bodies (but at least one frame). */
const maxBatchLength = 65_536;

/**
 * One stream's way from its cursor to its connection: reads what follows, a batch at a time and no faster than the
 * connection takes it, until it has caught up; then follows the hub, which hands the same bytes to all. When the hub
 * lets it go, it reads on from where it is.
 */
export class FrameDelivery implements Follower, Disposable {
  readonly types: ReadonlySet<string> | undefined;
  output: BatchWriter;
  #isDisposed = false;
  #lease: HubLease | undefined;
  #reader: TopicReader<object> | undefined;

  constructor(
    private readonly source: StreamSource<object>,
    private readonly sink: FrameSink,
  ) {
    this.types = source.types;
    this.output = sink;
  }

  async start(): Promise<void> {
    const { hubs, topic } = this.source;
    try {
      const lease = await hubs.acquire(topic);
      if (this.#isOver) return lease[Symbol.dispose]();
      this.#lease = lease;
      this.#reader = new TopicReader(lease.hub, this.source, this.sink.signal);
      await this.#catchUp(lease, this.#reader);
    } catch (error) {
      this.#finish(() => this.sink.fail(error));
    }
  }

  onFlushed(receivedAtMs: number): void {
    this.sink.onFlushed(receivedAtMs);
  }

  onEnd(): void {
    this.#finish(() => this.sink.end());
  }

  onReleased(position: Cursor): void {
    if (!this.#lease || !this.#reader) return;
    this.#reader.moveTo(position);
    this.#catchUp(this.#lease, this.#reader).catch((error: unknown) =>
      this.#finish(() => this.sink.fail(error)),
    );
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#lease?.hub.unfollow(this);
    this.#lease?.[Symbol.dispose]();
  }

  get #isOver(): boolean {
    return this.#isDisposed || this.sink.signal.aborted;
  }

  async #catchUp({ hub }: HubLease, reader: TopicReader<object>): Promise<void> {
    for (;;) {
      const step = await reader.next();
      if (this.#isOver) return;
      switch (step.kind) {
        case "head":
          if (!reader.isAtHead) break;
          this.output = this.sink.goLive();
          return hub.follow(this);
        case "end":
          return this.onEnd();
        case "control":
          this.sink.counts.gaps[step.reason] += 1;
          this.sink.writeEvent(step.id, step.event);
          break;
        case "frames":
          for (const batch of batchesOf(step.frames)) {
            const congestion = this.sink.congestion();
            if (congestion) await congestion;
            if (this.#isOver) return;
            const wanted = this.types ? batch.filter(({ type }) => this.types?.has(type)) : batch;
            if (wanted.length > 0) {
              this.sink.counts.replayed += wanted.length;
              this.sink.write(hub.batch(wanted, groupKey(this.types)));
            }
            const newest = batch.at(-1);
            if (newest) reader.moveTo({ epoch: step.epoch, offset: newest.offset });
            if (newest?.last) return this.onEnd();
          }
          break;
      }
    }
  }

  #finish(tell: () => void): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    tell();
  }
}

/** Runs of frames that may be written at once. */
function* batchesOf(frames: readonly Frame[]): Generator<readonly Frame[], void> {
  let start = 0;
  let length = 0;
  for (const [index, { body }] of frames.entries()) {
    if (index > start && length + body.length > maxBatchLength) {
      yield frames.slice(start, index);
      start = index;
      length = 0;
    }
    length += body.length;
  }
  yield frames.slice(start);
}
