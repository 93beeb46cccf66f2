import { defineTopic } from "@jobwire/shared";
import { z } from "zod";

/** One whose state says how often something was said. */
export const tally = defineTopic("tally", {
  key: z.object({ tallyId: z.string() }),
  events: { "tally.added": z.object({ by: z.number() }) },
  state: z.object({ sum: z.number() }),
  apply: (state, { by }) => ({ sum: (state?.sum ?? 0) + by }),
});
