import { z } from "zod";

/** How long an id may be: that of a stream over many topics has a place in each of them. */
export const maxEventIdLength = 4096;

/** The id of the last event received. `""` is what an `EventSource` sends that has received none. */
export const lastEventIdSchema = z.string().max(maxEventIdLength).nullish();
