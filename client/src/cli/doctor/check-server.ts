import { answerTextOf } from "../answer-text.js";
import { causeOf } from "../exit-code.js";
import { hrefOf } from "../server-options.js";
import { fail, pass, warn, type Finding } from "./check.js";

/** Whether a Jobwire server answers at the URL, and whether its clock agrees with that of this machine. */
export async function checkServer(url: URL): Promise<readonly Finding[]> {
  const startedAtMs = Date.now();
  let response: Response;
  try {
    response = await fetch(`${hrefOf(url)}/healthz`, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    return [fail("server", `nobody answers at ${hrefOf(url)}: ${causeOf(error)}`, fixFor(error))];
  }
  const endedAtMs = Date.now();
  if (!(await isHealth(response))) {
    return [
      fail(
        "server",
        `${hrefOf(url)} answers, but not as Jobwire does (status ${response.status})`,
        "check host, port and path of JOBWIRE_URL; it goes without /trpc",
      ),
    ];
  }
  return [
    pass("server", `${hrefOf(url)} answers in ${endedAtMs - startedAtMs} ms`),
    checkClock(response.headers.get("date"), { startedAtMs, endedAtMs }),
  ];
}

/** Whether the server can do its work: whether its Redis answers, and how that is kept. */
export async function checkReadiness(url: URL): Promise<readonly Finding[]> {
  try {
    const response = await fetch(`${hrefOf(url)}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok)
      return [pass("store", "the server reaches its store"), ...warningsIn(await response.text())];
    return [
      fail(
        "store",
        `the server is not ready (status ${response.status}): ${await answerTextOf(response)}`,
        "check that Redis runs and that the server's REDIS_URL is right: redis-cli -u $REDIS_URL ping",
      ),
    ];
  } catch (error) {
    return [
      fail("store", `no answer from /readyz: ${causeOf(error)}`, "check Redis and the load of the server"),
    ];
  }
}

/** Each warning says what is wrong and, behind the first colon, what to do. */
function warningsIn(text: string): Finding[] {
  const body: unknown = JSON.parse(text);
  const warnings = typeof body === "object" && body !== null && "warnings" in body ? body.warnings : [];
  return (Array.isArray(warnings) ? warnings : []).map((warning) => {
    const [problem = "", fix = ""] = String(warning).split(/: (.*)/s);
    return warn("store", problem, fix);
  });
}

async function isHealth(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => null);
  return response.ok && typeof body === "object" && body !== null && "status" in body && body.status === "ok";
}

interface Span {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** The header `Date` has whole seconds and was written at some time between request and answer. */
function checkClock(date: string | null, { startedAtMs, endedAtMs }: Span): Finding {
  const serverMs = Date.parse(date ?? "");
  if (Number.isNaN(serverMs)) {
    return warn("clock", "the server does not say what time it has", "let the proxy pass the header Date");
  }
  const aheadMs = Math.max(serverMs - endedAtMs, 0);
  const behindMs = Math.max(startedAtMs - (serverMs + 1000), 0);
  const skewMs = Math.max(aheadMs, behindMs);
  if (skewMs <= mostSkewMs) return pass("clock", "agrees with that of this machine");
  const direction = aheadMs > 0 ? "ahead of" : "behind";
  return warn(
    "clock",
    `the server is ${Math.round(skewMs / 1000)} s ${direction} this machine; tokens expire at the wrong time`,
    "set both clocks by NTP: timedatectl set-ntp true",
  );
}

function fixFor(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return "start the server (jobwire serve), or correct JOBWIRE_URL";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "correct the host name in JOBWIRE_URL";
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "something else listens there, or it speaks https where the URL says http, or the other way round";
    case undefined:
    default:
      return code?.includes("CERT") || code?.includes("SIGNED")
        ? "make Node trust the certificate: NODE_EXTRA_CA_CERTS=ca.pem"
        : "check the network between this machine and the server, and its firewall";
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : codeOf(error.cause);
}

const timeoutMs = 5000;
const mostSkewMs = 2000;
