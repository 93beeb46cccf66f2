import { defineTopic } from "@jobwire/shared";
import { z } from "zod";

/** A conversation: questions, and answers that come word by word. */
export const chat = defineTopic("chat", {
  key: z.object({ chatId: z.string().min(1).max(64) }),
  events: {
    "question.asked": z.object({ question: z.string().trim().min(1).max(500) }),
    "word.said": z.object({ word: z.string() }),
    "answer.ended": z.object({}),
  },
  state: z.object({ question: z.string(), words: z.number(), status: z.enum(["answering", "idle"]) }),
  apply(state, event) {
    if (event.type === "question.asked") return { question: event.question, words: 0, status: "answering" };
    if (!state) throw new Error("nothing was asked");
    return event.type === "word.said" ? { ...state, words: state.words + 1 } : { ...state, status: "idle" };
  },
});

/** Stands in for a model: the same question always gets the same answer. */
export function wordsOf(question: string): string[] {
  return `You asked ${question} ${"and here is one word after the other ".repeat(12)}`.trim().split(" ");
}
