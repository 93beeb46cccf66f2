import { joinHeaders, requireSendable } from "./headers.js";

/** A fresh token takes effect by itself: a function is asked before every attempt and every call. */
export type TokenSource = string | ((request: TokenRequest) => string | Promise<string>);

/** Why a token is asked for. */
export interface TokenRequest {
  /** The server has just refused the token it was given: the same one from a cache will not do. */
  readonly wasRefused: boolean;
}

/** Headers by name, or a function that is asked for them before every attempt. */
export type HeaderSource = HeaderValues | (() => HeaderValues | Promise<HeaderValues>);

type HeaderValues = Readonly<Record<string, string>>;

/** Where a router is and how it is asked. */
export interface Endpoint {
  /** Where the router is mounted: `https://example.com/trpc`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`, never in the URL, where logs would keep it. */
  readonly token?: TokenSource | undefined;
  /** A function is asked before every attempt. */
  readonly headers?: HeaderSource | undefined;
  /** In place of the global one: where that cannot stream, as in React Native, or to add to its options. */
  readonly fetch?: StreamingFetch | undefined;
}

/** What is needed of `fetch` for streams: a body that can be read as it comes. */
export type StreamingFetch = (
  url: string,
  init: {
    readonly headers: Record<string, string>;
    readonly signal: AbortSignal;
    readonly cache: "no-store";
  },
) => Promise<StreamingResponse>;

/** What is needed of a `Response`. */
export interface StreamingResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): ByteReader } | null;
  text(): Promise<string>;
}

export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

/** Whether another token may be had for one that was refused. */
export function canRefresh({ headers, token }: Pick<Endpoint, "headers" | "token">): boolean {
  return typeof token === "function" || typeof headers === "function";
}

/** The headers of one request. @throws HeaderError when one of them cannot be sent. */
export async function headersOf(
  { headers, token }: Pick<Endpoint, "headers" | "token">,
  request: TokenRequest,
): Promise<Record<string, string>> {
  const given = typeof headers === "function" ? await headers() : headers;
  const bearer = typeof token === "function" ? await token(request) : token;
  const all = joinHeaders(given ?? {}, bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` });
  requireSendable(all);
  return all;
}
