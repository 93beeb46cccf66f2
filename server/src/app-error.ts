import { TRPCError } from "@trpc/server";
import { trpcCodeOf, type AppErrorCode } from "@jobwire/shared";

/**
 * A refusal with a reason from the closed set. The message is for people: it names the field and the fix.
 * Being a `TRPCError` it keeps its code wherever it is thrown: in a procedure, a middleware or a running stream.
 */
export class AppError extends TRPCError {
  override readonly name = "AppError";

  constructor(
    readonly reason: AppErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super({ code: trpcCodeOf[reason], message, ...options });
  }
}
