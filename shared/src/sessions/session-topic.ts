import { z } from "zod";
import { timestampSchema } from "../timestamp.js";
import { defineTopic } from "../topic/define-topic.js";
import type { TopicEvent } from "../topic/topic-types.js";
import { announcedVersionSchema, everybody, requestIdSchema, sessionMessageFields } from "./session.js";

const sessionKey = z.object({ requestId: z.union([requestIdSchema, z.literal(everybody)]) });

const sessionEvents = {
  "session.message": z.object(sessionMessageFields),
  "version.announced": announcedVersionSchema,
  /** The session has a new connection. It is not sent to readers: whoever has an older one is told that it was replaced. */
  "session.connected": z.object({ connectionId: z.string(), since: timestampSchema }),
};

const connectionSchema = z.object({
  connectionId: z.string(),
  /** The server process that holds it. */
  process: z.string(),
  /** Later than that of any connection before it. */
  since: timestampSchema,
});

const sessionStateSchema = z.object({
  /** Whose it is; `null`: nobody has opened it yet. */
  userId: z.string().nullable(),
  /** The newest one. */
  connection: connectionSchema.nullable(),
  /** Since when there is no connection; `null`: there is one, as long as its process is alive. */
  endedAt: timestampSchema.nullable(),
  /** What was announced to it last. */
  version: z.object({ ...announcedVersionSchema.shape, announcedAt: timestampSchema }).nullable(),
});

/** What servers keep of a session: whose it is, its connection and the version it was told of. */
export type SessionState = z.infer<typeof sessionStateSchema>;

/** What is for one session, or for everybody. It has no end: it expires when nobody has been there for long enough. */
export const sessionTopic = defineTopic("session", {
  key: sessionKey,
  events: sessionEvents,
  state: sessionStateSchema,
  apply: applyToSession,
});

function applyToSession(
  session: SessionState | null,
  event: TopicEvent<typeof sessionKey, typeof sessionEvents>,
): SessionState {
  const { timestamp } = event;
  const known = session ?? { userId: null, connection: null, endedAt: timestamp, version: null };
  if (event.type !== "version.announced") return known;
  const { version, changelog, pending } = event;
  return { ...known, version: { version, changelog, pending, announcedAt: timestamp } };
}
