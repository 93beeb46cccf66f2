import type { Cursor } from "@jobwire/shared";
import { groupKey, type Follower } from "./followers.js";
import type { BatchWriter, FrameSink } from "./frame-sink.js";
import { FrameBatch, isRemoval, type Frame } from "./frame.js";
import type { ControlEvent, StreamMark, StreamSource } from "./stream-source.js";
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
      const lease = await hubs.acquire(topic, this.source);
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
    const { sink } = this;
    const { turns } = this.source.hubs;
    for (;;) {
      const step = await reader.next();
      if (this.#isOver) return;
      switch (step.kind) {
        case "head":
          if (!reader.isAtHead) break;
          this.output = this.#liveOutput(sink.goLive(reader.place, this.source.start));
          return hub.follow(this);
        case "end":
          return this.onEnd();
        case "gap":
          for (let pause = sink.congestion(); pause; pause = sink.congestion()) await pause;
          if (this.#isOver) return;
          sink.counts.gaps[step.reason] += 1;
          sink.writeEvent(step.id, step.event);
          break;
        case "frames":
          for (const batch of batchesOf(step.frames)) {
            // A log in memory and a fast reader never make it wait.
            await turns.next();
            // Of several topics that wait for one connection, the first may fill it again.
            for (let pause = sink.congestion(); pause; pause = sink.congestion()) {
              await pause;
              await turns.next();
            }
            if (this.#isOver) return;
            const { wanted, ending } = this.#read(batch);
            if (wanted.length > 0) {
              sink.counts.replayed += wanted.length;
              sink.write(hub.batch(wanted, groupKey(this.types)));
            }
            if (ending) return this.#endWith(ending);
            const newest = batch.at(-1);
            if (newest) reader.moveTo({ epoch: step.epoch, offset: newest.offset });
            if (newest?.last) return this.onEnd();
          }
          break;
      }
    }
  }

  #read(frames: readonly Frame[]): Marked {
    const { types, mark } = this.source;
    if (mark) return readMarks(mark, frames);
    const sent = frames.at(-1)?.last ? frames.filter((frame) => !isRemoval(frame)) : frames;
    return { wanted: types ? sent.filter(({ type }) => types.has(type)) : sent, ending: null };
  }

  #liveOutput(output: BatchWriter): BatchWriter {
    const { mark } = this.source;
    if (!mark) return output;
    return {
      write: (batch) => {
        try {
          const { wanted, ending } = readMarks(mark, batch.frames);
          if (wanted.length > 0) output.write(new FrameBatch(wanted));
          if (ending) this.#endWith(ending);
        } catch (error) {
          this.#finish(() => this.sink.fail(error));
        }
      },
    };
  }

  #endWith({ id, event }: ControlEvent<object>): void {
    this.sink.writeEvent(id, event);
    this.onEnd();
  }

  #finish(tell: () => void): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    tell();
  }
}

/** Frames for the reader, and what ends its stream after them. */
interface Marked {
  readonly wanted: readonly Frame[];
  readonly ending: ControlEvent<object> | null;
}

function readMarks(mark: StreamMark<object>, frames: readonly Frame[]): Marked {
  const wanted: Frame[] = [];
  for (const frame of frames) {
    const ending = frame.type === mark.type ? mark.read(frame) : null;
    if (ending) return { wanted, ending };
    if (frame.type !== mark.type && !isRemoval(frame)) wanted.push(frame);
  }
  return { wanted, ending: null };
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
