import { formatCursor } from "@jobwire/shared";
import { taggedBytesOf } from "./tagged-bytes.js";
import type { LogEntry } from "../store/store.js";
import { plainJsonOf } from "./event-codec.js";

/** One log entry as it is delivered, with its id: the cursor after it. */
export interface Frame extends LogEntry {
  readonly id: string;
}

export function frameOf(epoch: string, { offset, type, body, last }: LogEntry): Frame {
  return { offset, type, body, last, id: formatCursor({ epoch, offset }) };
}

/** The type of the entry that says that a topic was removed: it ends streams, and no reader is sent it. */
export const removalType = "stream.dropped";

export function isRemoval({ type }: LogEntry): boolean {
  return type === removalType;
}

/**
 * How the bytes of a frame look.
 * - `trpc`: the body as it is: what tRPC's own handler writes for a tracked event.
 * - `plain`: the event as plain JSON, for consumers without superjson.
 */
export type FrameFormat = "trpc" | "plain";

/** Whether the bytes carry their own HTTP/1.1 chunk header, or the connection does the framing. */
export type FrameEncoding = `${FrameFormat}-${"chunked" | "unframed"}`;

/** Written out, so that each is one string in memory: a batch is asked for it once for each connection. */
export const encodings = {
  trpc: { chunked: "trpc-chunked", unframed: "trpc-unframed" },
  plain: { chunked: "plain-chunked", unframed: "plain-unframed" },
} as const satisfies Record<FrameFormat, Record<string, FrameEncoding>>;

/**
 * Frames that go out together. The bytes are made once for each encoding and shared by all connections, which write
 * them as they are.
 */
export class FrameBatch {
  readonly #encoded: Partial<Record<FrameEncoding, Buffer>> = {};
  /** Those that were asked for last. */
  #merged: { from: string; ids: readonly string[] } | undefined;
  #tagged: { ids: readonly string[]; encoding: FrameEncoding; bytes: readonly Buffer[] } | undefined;
  readonly #dataLines: Partial<Record<FrameFormat, readonly Buffer[]>> = {};

  constructor(readonly frames: readonly Frame[]) {}

  bytes(encoding: FrameEncoding): Buffer {
    return (this.#encoded[encoding] ??= this.#encode(encoding));
  }

  /** One for each frame: the ids of merged streams that come from the place with the id `from`. These share them. */
  idsFrom(from: string, make: () => readonly string[]): readonly string[] {
    if (this.#merged?.from !== from) this.#merged = { from, ids: make() };
    return this.#merged.ids;
  }

  /** With ids of a connection's own. Connections that share the ids share the bytes. */
  taggedBytes(ids: readonly string[], encoding: FrameEncoding): readonly Buffer[] {
    const known = this.#tagged;
    if (known?.ids === ids && known.encoding === encoding) return known.bytes;
    const bytes = taggedBytesOf(this.#linesOf(formatOf(encoding)), ids, encoding.endsWith("chunked"));
    this.#tagged = { ids, encoding, bytes };
    return bytes;
  }

  /** For connections whose ids are their own: each frame's `data` line. */
  #linesOf(format: FrameFormat): readonly Buffer[] {
    return (this.#dataLines[format] ??= this.frames.map(({ body }) =>
      Buffer.from(`data: ${format === "trpc" ? body : plainJsonOf(body)}\n`),
    ));
  }

  #encode(encoding: FrameEncoding): Buffer {
    const toText = encoding.startsWith("trpc") ? trpcText : plainText;
    const text = this.frames.map(toText).join("");
    return encoding.endsWith("chunked") ? chunkOf(text) : Buffer.from(text);
  }
}

function formatOf(encoding: FrameEncoding): FrameFormat {
  return encoding.startsWith("trpc") ? "trpc" : "plain";
}

/** One HTTP/1.1 chunk. Source: RFC 9112, section 7.1. */
export function chunkOf(text: string): Buffer {
  const size = Buffer.byteLength(text);
  return Buffer.from(`${size.toString(16)}\r\n${text}\r\n`);
}

function trpcText({ body, id }: Frame): string {
  return `data: ${body}\nid: ${id}\n\n`;
}

function plainText({ body, id }: Frame): string {
  return `data: ${plainJsonOf(body)}\nid: ${id}\n\n`;
}
