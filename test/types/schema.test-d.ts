import type { AppRouter } from "@jobwire/server";
import type { inferRouterInputs } from "@trpc/server";
import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { inputs } from "../schema/contract.js";

type Contract = {
  readonly [Room in keyof typeof inputs]: {
    readonly [Name in keyof (typeof inputs)[Room]]: z.input<Extract<(typeof inputs)[Room][Name], z.ZodType>>;
  };
};

type Inputs = inferRouterInputs<AppRouter>;

/** What a procedure without an input takes needs no schema. */
type InputsToDescribe = {
  readonly [Room in keyof Inputs]: {
    readonly [
      Name in keyof Inputs[Room] as Inputs[Room][Name] extends void ? never : Name
    ]: Inputs[Room][Name];
  };
};

test("the schema of inputs holds every procedure of the router, and what it takes", () => {
  expectTypeOf<Contract>().toExtend<InputsToDescribe>();
});
