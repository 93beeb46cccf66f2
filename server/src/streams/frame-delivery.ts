import { formatCursor, type Cursor, type StreamGapReason } from "@jobwire/shared";
import { groupKey } from "./followers.js";
import type { Frame, FrameBatch } from "./frame.js";
import type { FrameSink } from "./frame-sink.js";
import type { StreamSource } from "./stream-source.js";
import type { HubFollower, TopicHub } from "./topic-hub.js";
import type { HubLease } from "./topic-hubs.js";

/** What is written at once while catching up, in UTF-16 code units of bodies (but at least one frame). */
const maxBatchLength = 65_536;

/**
 * One stream's way from its cursor to its connection: reads what follows, a batch at a time and no faster than the
 * connection takes it, until it has caught up; then follows the hub, which hands the same bytes to all. When the hub
 * lets it go, it reads on from where it is.
 */
export class FrameDelivery implements HubFollower, Disposable {
  readonly types: ReadonlySet<string> | undefined;
  readonly #filter: string;
  #position: Cursor | null;
  #lease: HubLease | undefined;
  #disposed = false;

  constructor(
    private readonly source: StreamSource<object>,
    private readonly sink: FrameSink,
  ) {
    this.types = source.types;
    this.#filter = groupKey(source.types);
    this.#position = source.after;
  }

  async start(): Promise<void> {
    try {
      const { hubs, topic, start } = this.source;
      const lease = await hubs.acquire(topic);
      if (this.#disposed) return lease[Symbol.dispose]();
      this.#lease = lease;
      if (start === "newest") this.#position ??= lease.hub.head;
      await this.#catchUp(lease);
    } catch (error) {
      this.#close(() => this.sink.fail(error));
    }
  }

  write(batch: FrameBatch): void {
    this.sink.write(batch);
  }

  onEnd(): void {
    this.#close(() => this.sink.end());
  }

  onReleased(position: Cursor): void {
    this.#position = position;
    const lease = this.#lease;
    if (lease) this.#catchUp(lease).catch((error: unknown) => this.#close(() => this.sink.fail(error)));
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#lease?.hub.unfollow(this);
    this.#lease?.[Symbol.dispose]();
  }

  async #catchUp({ hub }: HubLease): Promise<void> {
    while (!this.#disposed) {
      const read = hub.peek(this.#position) ?? (await hub.readLog(this.#position));
      if (this.#disposed || read === null) continue;
      switch (read.kind) {
        case "head":
          hub.follow(this);
          return this.sink.onLive();
        case "end":
          return this.onEnd();
        case "gap":
          await this.#writeGap(read.reason, read.resumeAfter);
          break;
        case "frames":
          await this.#writeFrames(hub, read.epoch, read.frames);
          break;
      }
    }
  }

  async #writeFrames(hub: TopicHub, epoch: string, frames: readonly Frame[]): Promise<void> {
    for (const batch of batchesOf(frames)) {
      const congestion = this.sink.congestion();
      if (congestion) await congestion;
      if (this.#disposed) return;
      const wanted = this.types ? batch.filter(({ type }) => this.types?.has(type)) : batch;
      if (wanted.length > 0) this.sink.write(hub.batch(wanted, this.#filter));
      const newest = batch.at(-1);
      if (newest) this.#position = { epoch, offset: newest.offset };
      if (newest?.last) return this.onEnd();
    }
  }

  async #writeGap(reason: StreamGapReason, resumeAfter: Cursor): Promise<void> {
    const to = formatCursor(resumeAfter);
    const from = this.#position ? formatCursor(this.#position) : to;
    const event = await this.source.explainGap({ reason, from, to });
    this.#position = resumeAfter;
    if (!this.#disposed) this.sink.writeEvent(to, event);
  }

  #close(tell: () => void): void {
    if (this.#disposed) return;
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
