import superjson from "superjson";
import type { WireFrame } from "./wire-stream.js";

/** The frames tRPC's protocol knows, to compare with. */

/** What every router of the conformance tests tells its clients, so that both handlers say the same. */
export const clientOptions = { reconnectAfterInactivityMs: 45_000 };

export const connected: WireFrame = { event: "connected", data: JSON.stringify(clientOptions) };
export const returned: WireFrame = { event: "return", data: "" };
export const ping: WireFrame = { event: "ping", data: "" };

export function data(value: unknown, id?: string): WireFrame {
  return dataText(JSON.stringify(value), id);
}

export function dataText(text: string, id?: string): WireFrame {
  return id === undefined ? { data: text } : { id, data: text };
}

export function superjsonData(value: unknown, id?: string): WireFrame {
  return dataText(superjson.stringify(value), id);
}

/** What the frame of an error says, as far as tests look at it. */
export interface WireError {
  readonly message: string;
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The error a `serialized-error` frame carries. Throws when it is another frame. */
export function errorOf(frame: WireFrame | undefined): WireError {
  if (frame?.event !== "serialized-error") throw new Error(`Not an error: ${JSON.stringify(frame)}`);
  const value = JSON.parse(frame.data ?? "") as WireError | { readonly json: WireError };
  return "json" in value ? value.json : value;
}

/** The names of the frames: `data` for events. */
export function kindsOf(frames: readonly WireFrame[]): string[] {
  return frames.map(({ event }) => event ?? "data");
}

/** The values of the events, as plain JSON. */
export function valuesOf(frames: readonly WireFrame[]): unknown[] {
  const events = frames.filter(({ event }) => event === undefined);
  return events.map(({ data: text }) => JSON.parse(text ?? "") as unknown);
}
