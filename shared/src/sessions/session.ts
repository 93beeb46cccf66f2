import { z } from "zod";
import { anyJsonSchema } from "../encodable.js";
import type { StreamGap } from "../stream-gap.js";
import { lastEventIdSchema } from "../last-event-id.js";
import { taskEventSchemas, type Task } from "../tasks/task.js";
import { timestampSchema } from "../timestamp.js";

/** Names a browser session; chosen by the client. */
export const requestIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, "expected 1 to 128 of the characters A-Z a-z 0-9 . _ : -");

/** In place of a session's name: what is for every session. */
export const everybody = "*";

const envelope = { timestamp: timestampSchema };

/** Whom it is for: one session, or everybody. */
const addressed = { requestId: z.union([requestIdSchema, z.literal(everybody)]).optional() };

/** A version of the application, as sessions are told of it. */
export const announcedVersionSchema = z.object({
  version: z.string(),
  changelog: z.string().nullable(),
  /** It was announced and waits to be taken up; `false`: it is the version that runs. */
  pending: z.boolean(),
});

export type AnnouncedVersion = z.infer<typeof announcedVersionSchema>;

/** What a message to a session has: its name, and any JSON. */
export const sessionMessageFields = { name: z.string(), data: anyJsonSchema };

/** Everything meant for one session. */
export const sessionEventSchema = z.discriminatedUnion("type", [
  /** First on every connection. `resumed`: it goes on right after the id it was given. */
  z.object({
    type: z.literal("session.opened"),
    ...envelope,
    requestId: requestIdSchema,
    connectionId: z.string(),
    resumed: z.boolean(),
  }),
  z.object({ type: z.literal("session.message"), ...envelope, ...addressed, ...sessionMessageFields }),
  /** A newer connection has this session now; nothing follows. */
  z.object({ type: z.literal("session.replaced"), ...envelope, requestId: requestIdSchema }),
  z.object({
    type: z.literal("version.announced"),
    ...envelope,
    ...addressed,
    ...announcedVersionSchema.shape,
  }),
  ...taskEventSchemas,
]);

export type SessionEvent = z.infer<typeof sessionEventSchema>;
/** The `type` of a session's event. */
export type SessionEventType = SessionEvent["type"];

/** The state a session needs to go on after a gap: the version to show and the tasks that run or ended lately. */
export interface SessionSnapshot {
  readonly version: AnnouncedVersion;
  readonly tasks: readonly Task[];
}

/** What `sessions.events` yields. */
export type SessionStreamEvent = SessionEvent | StreamGap<SessionSnapshot>;

/** What `sessions.events` takes. */
export const sessionEventsInputSchema = z.strictObject({
  requestId: requestIdSchema,
  lastEventId: lastEventIdSchema,
});

/** What `sessions.send` takes. */
export const sendToSessionInputSchema = z.strictObject({
  /** Absent: to every connected session. */
  requestId: requestIdSchema.optional(),
  name: z.string().min(1).max(128),
  data: anyJsonSchema,
});

export type SendToSessionInput = z.infer<typeof sendToSessionInputSchema>;

/** A session that is connected, as services see it. */
export interface ConnectedSession {
  readonly requestId: string;
  readonly userId: string;
  readonly connectionId: string;
  readonly since: Date;
  /** The server process that holds the connection. */
  readonly process: string;
}

/** What `versions.announce` takes. */
export const announceVersionInputSchema = z.strictObject({
  version: z.string().trim().min(1).max(128),
  changelog: z.string().max(20_000).optional(),
  /** Absent: to every session. */
  requestId: requestIdSchema.optional(),
});

export type AnnounceVersionInput = z.infer<typeof announceVersionInputSchema>;
