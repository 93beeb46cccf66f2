import type { Attempt } from "./attempt.js";
import { headersOf, type ByteReader, type Endpoint, type StreamingResponse } from "./endpoint.js";
import { HeaderError, isEventStream, joinHeaders } from "./headers.js";
import { readRetryAfter } from "./retry-schedule.js";
import { requestOf, type StreamCall } from "./stream-call.js";
import {
  connectionFailure,
  failureOfShape,
  failureOfStatus,
  isServerError,
  permanentFailure,
  strangeFailure,
  type StreamFailure,
} from "./stream-failure.js";

export interface OpenOptions {
  readonly endpoint: Endpoint;
  readonly call: StreamCall;
  readonly cursor: string | null;
  readonly wasRefused: boolean;
  /** A server has streamed from this URL before. */
  readonly isKnown: boolean;
}

/** Asks for a stream. @throws StreamFailure when none is given. */
export async function openResponse(
  { endpoint, call, cursor, wasRefused, isKnown }: OpenOptions,
  attempt: Attempt,
): Promise<ByteReader> {
  const { fetch: send = fetch } = endpoint;
  const request = requestOf(endpoint.url, call, cursor);
  let response: StreamingResponse;
  try {
    const given = await attempt.wait(() => headersOf(endpoint, { wasRefused }));
    const headers = joinHeaders(given, request.headers);
    response = await attempt.wait<StreamingResponse>(() =>
      send(request.url, { headers, signal: attempt.signal, cache: "no-store" }),
    );
  } catch (cause) {
    if (cause instanceof HeaderError) throw permanentFailure(cause.message);
    // A fetch of the user's own may know other URLs.
    if (send !== globalThis.fetch || isAskable(request.url)) throw connectionFailure(cause);
    throw permanentFailure(
      `${withoutSecrets(endpoint.url)} is no URL that can be asked: begin it with http:// or https:// and a host, without a user or password.`,
    );
  }
  if (!response.ok) throw await refusalOf(response, call, attempt);
  const contentType = response.headers.get("content-type");
  if (!isEventStream(contentType)) {
    const fail = isKnown ? strangeFailure : permanentFailure;
    throw fail(
      `${call.path} at ${withoutSecrets(endpoint.url)} answered with the content type ${contentType ?? "none"}, not with text/event-stream: no tRPC server is there.`,
    );
  }
  if (!response.body) {
    throw permanentFailure("The fetch of this runtime cannot stream: give the option `fetch` one that can.");
  }
  return response.body.getReader();
}

/** Whether `fetch` can ask for it at all: it says that it cannot as it says that nobody answers. */
function isAskable(url: string): boolean {
  if (/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(url)) return true;
  // One without a host is of the page, where there is one.
  return !/^[a-z][a-z\d+.-]*:/i.test(url) && "location" in globalThis;
}

/** A query, or a user before the host, may hold what is not for logs. */
function withoutSecrets(url: string): string {
  return url
    .split("?", 1)
    .join("")
    .replace(/\/\/[^/]*@/, "//");
}

/** The error in the body of an answer that is no stream. */
async function refusalOf(
  response: StreamingResponse,
  { transformer }: StreamCall,
  attempt: Attempt,
): Promise<StreamFailure> {
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"));
  try {
    const body: unknown = JSON.parse(await attempt.wait(() => response.text()));
    if (typeof body === "object" && body !== null && "error" in body) {
      const shape: unknown = transformer.output.deserialize(body.error);
      if (isServerError(shape)) return failureOfShape(shape, retryAfterMs);
    }
  } catch {
    // A proxy's page, or an answer that broke off: its status says enough.
  }
  return failureOfStatus(response.status, retryAfterMs);
}
