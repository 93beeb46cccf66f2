import { EventSourceParserStream, type EventSourceMessage } from "eventsource-parser/stream";
import { isEventStream } from "../../sse/headers.js";
import { causeOf } from "../exit-code.js";
import { hrefOf } from "../server-options.js";
import { fail, pass, warn, type Finding } from "./check.js";

/** How long to wait for the first bytes, and for a heartbeat beyond the time it is due. */
const patienceMs = 4000;

const unbuffer =
  "turn buffering off for this path: nginx proxy_buffering off (or let X-Accel-Buffering pass), no compression of text/event-stream";

/**
 * Opens a stream and looks at what a proxy on the way does to it: whether the first bytes come at once, and whether a
 * heartbeat comes when it is due.
 */
export async function checkStream(url: URL, token: string): Promise<readonly Finding[]> {
  const leave = new AbortController();
  try {
    const startedAtMs = performance.now();
    const response = await within(
      patienceMs,
      fetch(`${hrefOf(url)}/trpc/jobs.feed?input=${encodeURIComponent('{"types":["build.progress"]}')}`, {
        headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
        signal: leave.signal,
      }),
    );
    if (response === "late") {
      return [fail("stream", `no answer within ${patienceMs} ms, though the server answers calls`, unbuffer)];
    }
    const refusal = refusalOf(response);
    if (refusal || !response.body) {
      return [refusal ?? fail("stream", "the answer has no body", "check the proxy on the way")];
    }
    const frames = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    const first = await within(patienceMs, frames.read());
    if (first === "late") {
      return [
        fail(
          "stream",
          `headers came, but no bytes within ${patienceMs} ms: a proxy holds them back`,
          unbuffer,
        ),
      ];
    }
    const tookMs = Math.round(performance.now() - startedAtMs);
    return [
      transformation(response) ?? pass("stream", `connected in ${tookMs} ms`),
      await checkHeartbeat(frames, first.value),
    ];
  } catch (error) {
    return [fail("stream", `it broke: ${causeOf(error)}`, "check the proxy and the log of the server")];
  } finally {
    leave.abort();
  }
}

async function checkHeartbeat(
  frames: ReadableStreamDefaultReader<EventSourceMessage>,
  connected: EventSourceMessage | undefined,
): Promise<Finding> {
  const heartbeatMs = readHeartbeatMs(connected);
  if (heartbeatMs === null) {
    return warn(
      "heartbeat",
      "the stream does not say how often it beats",
      "check that the proxy changes nothing",
    );
  }
  const startedAtMs = performance.now();
  const next = await within(heartbeatMs + patienceMs, frames.read().catch(brokenOff));
  const tookMs = performance.now() - startedAtMs;
  if (next === "late") {
    return fail(
      "heartbeat",
      `none within ${seconds(heartbeatMs + patienceMs)}: a proxy holds it back`,
      unbuffer,
    );
  }
  if (next.done) {
    return fail(
      "heartbeat",
      `the stream was cut after ${seconds(tookMs)} of silence, before the heartbeat`,
      `raise the idle timeout of the proxy (nginx proxy_read_timeout), or set SSE_HEARTBEAT_MS below it`,
    );
  }
  return pass("heartbeat", `came after ${seconds(tookMs)}`);
}

/** A proxy that gives up a stream ends it in the middle of the answer. */
const brokenOff = () => ({ done: true }) as const;

/** The client is to come back after three silent heartbeats. */
function readHeartbeatMs(connected: EventSourceMessage | undefined): number | null {
  if (connected?.event !== "connected") return null;
  const options: unknown = JSON.parse(connected.data);
  if (typeof options !== "object" || options === null || !("reconnectAfterInactivityMs" in options))
    return null;
  const { reconnectAfterInactivityMs } = options;
  return typeof reconnectAfterInactivityMs === "number" ? reconnectAfterInactivityMs / 3 : null;
}

function refusalOf({ status, headers }: Response): Finding | null {
  if (status === 429) {
    return fail(
      "stream",
      "too many streams are open (429)",
      "close some, or raise SSE_MAX_CONNECTIONS_PER_USER",
    );
  }
  if (status !== 200)
    return fail("stream", `refused with status ${status}`, "check the path rules of the proxy");
  const type = headers.get("content-type");
  return isEventStream(type)
    ? null
    : fail(
        "stream",
        `the content type is ${type ?? "none"}`,
        "let the proxy pass /trpc to Jobwire unchanged",
      );
}

function transformation({ headers }: Response): Finding | null {
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity")
    return warn("stream", `a proxy compresses it (${encoding}), which delays events`, unbuffer);
  const control = headers.get("cache-control")?.toLowerCase() ?? "";
  return control.includes("no-transform")
    ? null
    : warn("stream", "a proxy has taken no-transform from Cache-Control", "let the headers of Jobwire pass");
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

async function within<Value>(timeoutMs: number, value: Promise<Value>): Promise<Value | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), timeoutMs)));
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
    value.catch(() => {});
  }
}
