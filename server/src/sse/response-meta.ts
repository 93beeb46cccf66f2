import type { TRPCRequestInfo } from "@trpc/server/http";
import type { SseHandlerOptions } from "./sse-handler.js";
import type { AnyTRPCRouter } from "@trpc/server";

/** Status and headers from the user's `responseMeta`, asked as tRPC asks it for a stream. */
export function responseMetaOf(
  { responseMeta }: SseHandlerOptions<AnyTRPCRouter>,
  { info, ctx }: { info: TRPCRequestInfo | undefined; ctx: unknown },
): { status: number | undefined; headers: Record<string, string | string[]> } {
  // Without it `Headers` is not named either: Node loads all of `fetch` for its sake.
  if (!responseMeta) return { status: undefined, headers: {} };
  // tRPC's type still asks for this deprecated field.
  const deprecated = { paths: info?.calls.map(({ path }) => path) };
  const meta = responseMeta({
    ...deprecated,
    info,
    ctx,
    data: [],
    errors: [],
    eagerGeneration: true,
    type: "subscription",
  });
  const headers: Record<string, string | string[]> = {};
  const entries =
    meta.headers instanceof Headers ? meta.headers.entries() : Object.entries(meta.headers ?? {});
  for (const [name, value] of entries) {
    if (value === undefined) continue;
    const key = name.toLowerCase();
    // `Headers` yields each cookie by itself.
    headers[key] = key === "set-cookie" ? [headers[key] ?? [], value].flat() : value;
  }
  return { status: meta.status, headers };
}
