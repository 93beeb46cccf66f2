import type { AppRouter } from "@jobwire/server";
import type { inferRouterOutputs } from "@trpc/server";
import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { answers } from "../../server/src/http/plain-calls/answers.js";

type Outputs = inferRouterOutputs<AppRouter>;

type Described = {
  [Room in keyof typeof answers]: {
    [Name in keyof (typeof answers)[Room]]: z.output<Extract<(typeof answers)[Room][Name], z.ZodType>>;
  };
};

/** What the procedures of the router answer, of those that have a plain path. */
type Answered = {
  [Room in keyof typeof answers]: {
    [Name in keyof (typeof answers)[Room] & keyof Outputs[Room]]: Outputs[Room][Name];
  };
};

type Frozen<T> = T extends Date ? T : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

test("what plain calls answer is described as the router has it", () => {
  expectTypeOf<Answered>().toExtend<Frozen<Described>>();
});
