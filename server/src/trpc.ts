import { initTRPC, type TRPCDataTransformer } from "@trpc/server";
import { findUnencodablePart, type Role } from "@jobwire/shared";
import superjson, { type SuperJSONResult } from "superjson";
import { z } from "zod";
import { AppError } from "./app-error.js";
import type { Principal } from "./principal.js";

export interface Context {
  /** @throws AppError `TOKEN_MISSING`, `TOKEN_INVALID` or `TOKEN_EXPIRED` */
  readonly authenticate: () => Promise<Principal>;
}

/**
 * superjson that also takes plain JSON, which is what people type. No input of ours has a field `json`. What could not be
 * passed on unchanged is refused here: decoding would drop it without a word.
 */
const lenientSuperjson: TRPCDataTransformer = {
  serialize: (value) => superjson.serialize(value),
  deserialize: (value: SuperJSONResult | Record<string, unknown>): unknown => {
    const part = findUnencodablePart(isEnvelope(value) ? value.json : value);
    if (part)
      throw new AppError("INPUT_INVALID", `Invalid input\n✖ ${part.message}\n  → at ${part.path.join(".")}`);
    try {
      return isEnvelope(value) ? superjson.deserialize(value, { inPlace: true }) : value;
    } catch (error) {
      throw new AppError("INPUT_INVALID", "Invalid input: its superjson `meta` does not fit its `json`.", {
        cause: error,
      });
    }
  },
};

const trpc = initTRPC.context<Context>().create({
  transformer: { input: lenientSuperjson, output: superjson },
  isDev: false, // no stack traces to callers
  errorFormatter({ shape, error }) {
    const { cause } = error;
    // Of the server's own faults nobody is told what they are.
    const isFault = error.code === "INTERNAL_SERVER_ERROR";
    const reason = error instanceof AppError && !isFault ? error.reason : null;
    if (error.code === "BAD_REQUEST" && cause instanceof z.ZodError) {
      return {
        ...shape,
        message: `Invalid input\n${z.prettifyError(cause)}`,
        data: { ...shape.data, reason: "INPUT_INVALID" as const },
      };
    }
    const message = isFault ? "Something went wrong on the server." : shape.message;
    return { ...shape, message, data: { ...shape.data, reason } };
  },
});

export const { router } = trpc;

/** For anybody with a valid token. */
export const userProcedure = trpc.procedure.use(async ({ ctx, next }) =>
  next({ ctx: { principal: await ctx.authenticate() } }),
);

/** For services only. */
export const serviceProcedure = userProcedure.use(({ ctx, path, next }) => {
  requireRole(ctx.principal, "service", path);
  return next();
});

/** @throws AppError `ROLE_REQUIRED` */
export function requireRole({ role }: Principal, required: Role, path: string): void {
  if (role === required) return;
  throw new AppError(
    "ROLE_REQUIRED",
    `${path} needs a token with the role ${JSON.stringify(required)}; yours has ${JSON.stringify(role)}.`,
  );
}

function isEnvelope(value: SuperJSONResult | Record<string, unknown>): value is SuperJSONResult {
  return typeof value === "object" && value !== null && "json" in value;
}
