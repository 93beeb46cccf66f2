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

test("the schema of inputs holds every procedure of the router, and what it takes", () => {
  expectTypeOf<Contract>().toExtend<inferRouterInputs<AppRouter>>();
});
