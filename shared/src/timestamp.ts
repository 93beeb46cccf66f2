import { z } from "zod";

/** A `Date` in TypeScript; on the wire ISO 8601 with an offset, which is also accepted as input. */
export const timestampSchema = z.union(
  [z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))],
  { error: "expected an ISO 8601 timestamp such as 2026-01-31T09:30:00.000Z" },
);
