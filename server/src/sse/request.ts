import { TRPCError, type AnyTRPCProcedure } from "@trpc/server";
import { parseConnectionParamsFromString, type TRPCRequestInfo } from "@trpc/server/http";
import { lastEventIdOf } from "./last-event-id.js";
import type { RouterEdge } from "./router-edge.js";
import type { SseRequest } from "./sse-connection.js";

/** The URL of a request as the client wrote it; `null` when it or the host is malformed. */
export function urlOf({ url = "/", headers, socket }: SseRequest): URL | null {
  const authority = headers[":authority"];
  const host = headers.host ?? (typeof authority === "string" ? authority : "localhost");
  try {
    // `URL.canParse` reads as much as `new URL`.
    return new URL(url, `${"encrypted" in socket ? "https" : "http"}://${host}`);
  } catch {
    return null;
  }
}

/**
 * The procedure's path below `basePath`; `null` when the URL is elsewhere, malformed or a batch. Read as a URL, so that
 * no spelling of a path leads past the limits of streams.
 */
export function procedurePathOf({ pathname, searchParams }: URL, basePath: string): string | null {
  const prefix = basePath.endsWith("/") ? basePath : `${basePath}/`;
  if (!pathname.startsWith(prefix) || searchParams.get("batch") === "1") return null;
  try {
    return decodeURIComponent(pathname.slice(prefix.length).replace(/\/+$/, ""));
  } catch {
    return null;
  }
}

/**
 * What tRPC tells contexts about a subscription request. The input is parsed when it is read; the id of the last event
 * is taken from the header, else from the query, and replaces `lastEventId` of the input.
 * @throws TRPCError `PARSE_ERROR` when `connectionParams` are malformed.
 */
export function requestInfoOf(
  request: SseRequest,
  {
    url,
    router,
    path,
    procedure,
    signal,
  }: { url: URL; router: RouterEdge; path: string; procedure: AnyTRPCProcedure; signal: AbortSignal },
): TRPCRequestInfo {
  const params = url.searchParams.get("connectionParams");
  let input: { readonly value: unknown } | undefined;
  return {
    accept: null,
    type: "subscription",
    isBatchCall: false,
    connectionParams: params === null ? null : parseConnectionParamsFromString(params),
    signal,
    url,
    calls: [
      {
        batchIndex: 0,
        path,
        procedure,
        result: () => input?.value,
        getRawInput: async () => {
          input ??= { value: readInput(url, router) };
          return withLastEventId(input.value, lastEventIdOf(request, url));
        },
      },
    ],
  };
}

function readInput(url: URL, router: RouterEdge): unknown {
  const text = url.searchParams.get("input");
  if (!text) return undefined;
  try {
    return router.readInput(text);
  } catch (cause) {
    throw new TRPCError({
      code: "BAD_REQUEST",
      message: "The query parameter input is not valid JSON.",
      cause,
    });
  }
}

function withLastEventId(input: unknown, lastEventId: string | null): unknown {
  if (!lastEventId) return input;
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return { ...input, lastEventId };
  return input ?? { lastEventId };
}
