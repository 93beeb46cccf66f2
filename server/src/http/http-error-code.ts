import type { TRPCError } from "@trpc/server";

/** The code of an error of the HTTP layer, in tRPC's words. */
export function httpErrorCode(statusCode: number | undefined): TRPCError["code"] {
  switch (statusCode) {
    case 413:
      return "PAYLOAD_TOO_LARGE";
    case 415:
      return "UNSUPPORTED_MEDIA_TYPE";
    case 400:
      return "BAD_REQUEST";
    case undefined:
    default:
      return "INTERNAL_SERVER_ERROR";
  }
}
