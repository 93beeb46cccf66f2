import { TRPCClientError } from "@trpc/client";
import type { AnyTRPCRouter, TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import type { ConnectionError } from "../connection-state.js";

/** Why an attempt failed, and what can be done about it. */
export class StreamFailure extends Error {
  constructor(
    readonly error: ConnectionError,
    /**
     * - `refresh`: the token was refused, a fresh one may be accepted.
     * - `wait`: something else answers in the server's place; it may be there again soon.
     * - `none`: the next attempt would end alike.
     */
    readonly remedy: "retry" | "refresh" | "wait" | "none",
    /** For how long the server asked to be left alone. */
    readonly retryAfterMs: number = 0,
  ) {
    super(error.message);
  }
}

/** The failure that a deserialized error of a tRPC server stands for. */
export function failureOfShape(shape: unknown, retryAfterMs?: number): StreamFailure {
  if (!isErrorShape(shape)) return permanentFailure("The server sent an error that is not in tRPC's shape.");
  return new StreamFailure(errorOf({ error: shape }), remedyOf(shape.code), retryAfterMs);
}

/** Whether an error in the body of an answer is one of a tRPC server: its codes are negative. Source: JSON-RPC 2.0. */
export function isServerError(shape: unknown): boolean {
  return isErrorShape(shape) && shape.code < 0;
}

/** The failure of an answer with this status whose body says nothing, as proxies give it. */
export function failureOfStatus(status: number, retryAfterMs?: number): StreamFailure {
  const key = keyOfStatus[status] ?? (status >= 500 ? "INTERNAL_SERVER_ERROR" : "BAD_REQUEST");
  const isOfPlace = statusesOfPlace.has(status);
  const message = `The server answered with HTTP status ${status}${isOfPlace ? ", and not as a tRPC server does: check the URL" : ""}.`;
  const code = TRPC_ERROR_CODES_BY_KEY[key];
  const error = errorOf({ error: { message, code, data: { code: key, httpStatus: status } } });
  return new StreamFailure(error, isOfPlace ? "wait" : remedyOf(code), retryAfterMs);
}

/** What stands in the server's place answered: of no use, but nothing that stays. */
export function strangeFailure(message: string): StreamFailure {
  return new StreamFailure(errorOf(new Error(message)), "wait");
}

/** No answer, or one that broke off. */
export function connectionFailure(cause: unknown): StreamFailure {
  return new StreamFailure(connectionErrorOf(cause), "retry");
}

/** Something that stays wrong however often it is tried. */
export function permanentFailure(message: string, cause?: unknown): StreamFailure {
  return new StreamFailure(errorOf(new Error(message, { cause })), "none");
}

/** What a stream threw, as its reader gets it. */
export function connectionErrorOf(cause: unknown): ConnectionError {
  return errorOf(cause instanceof Error ? cause : new Error("The stream failed.", { cause }));
}

/** An error that was copied from one tab to another. */
export function errorOfCopy({ message, shape }: { message: string; shape: unknown }): ConnectionError {
  return isErrorShape(shape) ? errorOf({ error: shape }) : errorOf(new Error(message));
}

interface ErrorShape {
  readonly message: string;
  readonly code: number;
  readonly data?: unknown;
}

/** Error formatters may shape the rest as they like. */
function isErrorShape(value: unknown): value is ErrorShape {
  if (typeof value !== "object" || value === null || !("message" in value) || !("code" in value))
    return false;
  return typeof value.message === "string" && typeof value.code === "number";
}

function errorOf(cause: Error | { readonly error: ErrorShape }): ConnectionError {
  return TRPCClientError.from<AnyTRPCRouter>(cause);
}

/** tRPC gives all statuses from 500 on one code. */
function remedyOf(code: number): StreamFailure["remedy"] {
  switch (code) {
    case TRPC_ERROR_CODES_BY_KEY.UNAUTHORIZED:
      return "refresh";
    case TRPC_ERROR_CODES_BY_KEY.TOO_MANY_REQUESTS:
    case TRPC_ERROR_CODES_BY_KEY.INTERNAL_SERVER_ERROR:
      return "retry";
    default:
      return "none";
  }
}

/** What proxies say of a server that is not where it was, or not ready. */
const statusesOfPlace: ReadonlySet<number> = new Set([404, 408, 421, 425]);

const keyOfStatus: Readonly<Record<number, TRPC_ERROR_CODE_KEY>> = {
  401: "UNAUTHORIZED",
  402: "PAYMENT_REQUIRED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  408: "TIMEOUT",
  409: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "UNPROCESSABLE_CONTENT",
  429: "TOO_MANY_REQUESTS",
  501: "NOT_IMPLEMENTED",
  502: "BAD_GATEWAY",
  503: "SERVICE_UNAVAILABLE",
  504: "GATEWAY_TIMEOUT",
};
