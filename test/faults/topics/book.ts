import { defineTopic } from "@jobwire/shared";
import { z } from "zod";

/** A book in which each entry has a mark of its own; its state has them all. */
export const book = defineTopic("book", {
  key: z.object({ bookId: z.string() }),
  events: { "entry.made": z.object({ mark: z.string() }), "book.closed": z.object({}) },
  ends: ["book.closed"],
  state: z.object({ marks: z.array(z.string()) }),
  apply: (state, event) => ({
    marks: [...(state?.marks ?? []), ...(event.type === "entry.made" ? [event.mark] : [])],
  }),
});

/** So many tokens are piped into a book. */
export const pipedTokens = 300;
