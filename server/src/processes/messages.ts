import { z } from "zod";

/** What a member tells the primary. */
export const memberMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("jobwire:listening"), url: z.string() }),
  z.object({ type: z.literal("jobwire:memory"), megabytes: z.number() }),
  z.object({ type: z.literal("jobwire:metrics"), request: z.number() }),
  /** Answers `jobwire:count`. */
  z.object({
    type: z.literal("jobwire:counted"),
    request: z.number(),
    metrics: z.array(z.custom<object>((metric) => typeof metric === "object" && metric !== null)),
  }),
]);
export type MemberMessage = z.output<typeof memberMessageSchema>;

/** What the primary tells a member. */
export const primaryMessageSchema = z.discriminatedUnion("type", [
  /** All members listen. */
  z.object({ type: z.literal("jobwire:ready") }),
  z.object({ type: z.literal("jobwire:stop") }),
  z.object({ type: z.literal("jobwire:count"), request: z.number() }),
  z.object({ type: z.literal("jobwire:metrics"), request: z.number(), text: z.string().nullable() }),
]);
export type PrimaryMessage = z.output<typeof primaryMessageSchema>;

/** What members sign and check tokens with when the environment has no secret. */
export const sharedSecretVariable = "JOBWIRE_SHARED_SECRET";
