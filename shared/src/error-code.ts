/**
 * The closed set of reasons for which Jobwire refuses a call, each with its tRPC code. It travels as `data.reason`
 * of an error; programs decide by it and by the code, never by the message.
 */
export const trpcCodeOf = {
  INPUT_INVALID: "BAD_REQUEST",
  CURSOR_INVALID: "BAD_REQUEST",
  TOKEN_MISSING: "UNAUTHORIZED",
  TOKEN_INVALID: "UNAUTHORIZED",
  TOKEN_EXPIRED: "UNAUTHORIZED",
  ROLE_REQUIRED: "FORBIDDEN",
  JOB_NOT_FOUND: "NOT_FOUND",
  TRANSITION_INVALID: "CONFLICT",
  JOB_CHANGED: "CONFLICT",
  JOB_FINISHED: "CONFLICT",
  JOB_NOT_CLAIMABLE: "CONFLICT",
  LEASE_NOT_HELD: "CONFLICT",
  STORE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
  KEYS_UNAVAILABLE: "SERVICE_UNAVAILABLE",
} as const;

export type AppErrorCode = keyof typeof trpcCodeOf;
