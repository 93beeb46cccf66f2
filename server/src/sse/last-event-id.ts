import { TRPCError } from "@trpc/server";
import type { SseRequest } from "./sse-connection.js";

/** The id after which to continue: `Last-Event-ID`, `?lastEventId=` or `?Last-Event-Id=`. */
export function lastEventIdOf(request: Pick<SseRequest, "headers">, url: URL): string | null {
  return (
    lastEventIdHeaderOf(request) ??
    url.searchParams.get("lastEventId") ??
    url.searchParams.get("Last-Event-Id")
  );
}

/**
 * The header `Last-Event-ID` as its sender meant it. An `EventSource` writes it as UTF-8, and Node reads every header as
 * Latin-1. Bytes that are no UTF-8 stay what Node has made of them: their sender wrote Latin-1.
 * Source: WHATWG HTML, section 9.2.4.
 */
export function lastEventIdHeaderOf({ headers }: Pick<SseRequest, "headers">): string | null {
  const header = headers["last-event-id"];
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return null;
  // Whatever is between the two has read the header in another way already.
  if (!beyondAscii.test(text) || beyondLatin1.test(text)) return text;
  try {
    return utf8.decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}

const beyondAscii = /[^\0-\x7f]/;
const beyondLatin1 = /[^\0-\xff]/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The id of a tracked value, as it can be written into a frame and comes back from a client unchanged.
 * @throws TRPCError `INTERNAL_SERVER_ERROR` when there is no such id: the frame would break, or the stream go on elsewhere.
 */
export function frameIdOf(id: unknown): string {
  const text = typeof id === "number" || typeof id === "bigint" ? String(id) : id;
  if (typeof text === "string" && text !== "" && !isUnsendable(text)) return text;
  throw new TRPCError({
    code: "INTERNAL_SERVER_ERROR",
    message:
      "The id of a tracked value must be text that is not empty, without line breaks, NUL and halves of surrogate pairs: encode it, for instance with encodeURIComponent.",
  });
}

/** Whether a frame cannot hold an id, or a client gets another one. */
export function isUnsendable(id: string): boolean {
  return /[\0\n\r]/.test(id) || !id.isWellFormed();
}
