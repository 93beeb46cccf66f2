import type { TRPCCombinedDataTransformer, TRPCPathSeparator } from "@trpc/server";

/** One call of a subscription procedure. */
export interface StreamCall {
  /** `jobs.events` */
  readonly path: string;
  readonly input: unknown;
  readonly transformer: TRPCCombinedDataTransformer;
  readonly pathSeparator: TRPCPathSeparator;
}

/**
 * The cursor an input brings along, and the call without it: the cursor travels in a header, and the server puts it
 * back.
 */
export function splitCursor(call: StreamCall): { readonly call: StreamCall; readonly cursor: string | null } {
  const cursor = cursorIn(call.input);
  if (cursor === null || !isRecord(call.input)) return { call, cursor: null };
  const { lastEventId: _, ...input } = call.input;
  return { call: { ...call, input }, cursor };
}

/** Where an input says that its stream begins. */
export function cursorIn(input: unknown): string | null {
  const lastEventId = isRecord(input) ? input.lastEventId : null;
  return typeof lastEventId === "string" && lastEventId !== "" ? lastEventId : null;
}

/** Whether it starts, without a cursor, with what happens next: `replay: "none"`. */
export function hasNoHistory({ input }: StreamCall): boolean {
  return isRecord(input) && input.replay === "none";
}

/** The request for what follows the cursor; the URL is built as tRPC's links do. */
export function requestOf(url: string, call: StreamCall, cursor: string | null): StreamRequest {
  const isInHeader = cursor !== null && headerText.test(cursor);
  const input = cursor === null || isInHeader ? call.input : withCursor(call.input, cursor);
  const [base = "", ...rest] = url.split("?");
  const query = rest.join("?");
  const path = call.path.split(".").join(call.pathSeparator);
  const serialized: unknown = call.transformer.input.serialize(input);
  const parameters = [
    query,
    serialized === undefined ? undefined : `input=${encodeURIComponent(JSON.stringify(serialized))}`,
  ].filter(Boolean);
  return {
    url: `${base.replace(/\/$/, "")}/${path}${parameters.length > 0 ? `?${parameters.join("&")}` : ""}`,
    headers: { Accept: "text/event-stream", ...(isInHeader && { "Last-Event-ID": cursor }) },
  };
}

export interface StreamRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a header carries unchanged. An id with other characters goes into the input, as with tRPC's own link. */
const headerText = /^[!-~](?:[ -~]*[!-~])?$/;

/** The input that asks for what follows the cursor; the same one where there is no place for it. */
export function withCursor(input: unknown, cursor: string): unknown {
  if (input === undefined || input === null) return { lastEventId: cursor };
  return isRecord(input) ? { ...input, lastEventId: cursor } : input;
}

/** Whether an input has a place for a cursor. */
export function takesCursor(input: unknown): boolean {
  return input === undefined || input === null || isRecord(input);
}

/** A date, a list and whatever else has a form of its own is none. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The prototype of plain objects has none itself, in each window its own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
