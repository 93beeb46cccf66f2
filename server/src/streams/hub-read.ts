import type { Cursor, StreamGapReason } from "@jobwire/shared";
import type { Frame } from "./frame.js";

/** What follows a position. */
export type HubRead =
  | { readonly kind: "frames"; readonly epoch: string; readonly frames: readonly Frame[] }
  /** Some of it cannot be had. */
  | { readonly kind: "gap"; readonly reason: StreamGapReason; readonly resumeAfter: Cursor }
  /** Nothing: the log has forked right there, and goes by another epoch. Ask what follows this one. */
  | { readonly kind: "moved"; readonly position: Cursor }
  /** Nothing yet. */
  | { readonly kind: "head" }
  /** Nothing ever: the topic is closed. */
  | { readonly kind: "end" };
