import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { CliError, causeOf, exitCodes } from "../exit-code.js";
import { isHeaderValue } from "../header-value.js";
import { onInterruption } from "../interruption.js";
import { bearerOf, readUrl } from "../server-options.js";
import { printable } from "../../terminal/text.js";
import { timerMs } from "../../timer-ms.js";

interface TailOptions {
  readonly token?: string;
  readonly header: readonly string[];
  readonly after?: string;
  readonly json?: true;
}

export function addTailCommand(program: Command): void {
  program
    .command("tail")
    .argument("<url>", "a stream of plain Server-Sent Events")
    .description("Follow any plain stream, one event a line, until it ends or Ctrl-C.")
    .option("--json", "one event a line, as JSON with its id and, if it has one, its name")
    .option("--after <id>", "only what follows the event with this id")
    .option("-t, --token <token>", "sent as a bearer token ($JOBWIRE_TOKEN)")
    .option(
      "--header <name:value>",
      "a header to send; may be repeated",
      (one, all: string[]) => [...all, one],
      [],
    )
    .addHelpText(
      "after",
      `
A connection that breaks is made again, and continues after the last event.

Examples:
  $ jobwire tail http://127.0.0.1:3000/api/jobs/$JOB/events/stream
  $ jobwire tail https://shop.example/orders/42/events --header "cookie: shop=ana"`,
    )
    .action(async (url: string, { json, after, ...options }: TailOptions) => {
      using interruption = onInterruption();
      const headers = headersOf(options);
      await tail({
        url: readUrl(url).href,
        headers,
        after: after ?? null,
        json: json === true,
        signal: interruption.signal,
      });
      process.exitCode = interruption.signal.aborted ? exitCodes.interrupted : exitCodes.done;
    });
}

function headersOf({
  token = process.env.JOBWIRE_TOKEN,
  header,
}: Pick<TailOptions, "token" | "header">): Headers {
  const headers = new Headers({ accept: "text/event-stream" });
  if (token) headers.set("authorization", bearerOf(token));
  for (const text of header) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new CliError(`--header is written name:value, not ${JSON.stringify(text)}`, exitCodes.usage);
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name.trim()) || !isHeaderValue(value))
      throw new CliError(`--header ${JSON.stringify(name)} cannot be sent`, exitCodes.usage);
    headers.set(name.trim(), value);
  }
  return headers;
}

interface ShownEvent {
  readonly id: string | null | undefined;
  readonly name: string | undefined;
  readonly data: string;
}

interface Tail {
  readonly url: string;
  readonly headers: Headers;
  readonly after: string | null;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Until the server says that nothing follows: by `complete`, or by 204 (WHATWG HTML, section 9.2). */
async function tail({ url, headers, after, json, signal }: Tail): Promise<void> {
  let [lastEventId, retryMs, hasConnected] = [after, 1000, false];
  while (!signal.aborted) {
    try {
      if (lastEventId) headers.set("last-event-id", headerOf(lastEventId));
      else headers.delete("last-event-id");
      const response = await fetch(url, { headers, signal });
      if (response.status === 204) return;
      if (response.status !== 200 || !response.body) refuse(response, hasConnected);
      else {
        hasConnected = true;
        const onRetry = (wantedMs: number) => (retryMs = wantedMs);
        const events = response.body
          .pipeThrough(new TextDecoderStream())
          .pipeThrough(new EventSourceParserStream({ onRetry }));
        for await (const { event, id, data } of events) {
          if (event === "complete") return;
          lastEventId = id ?? lastEventId;
          if (event === undefined || !controlEvents.has(event))
            print(json ? jsonOf({ id, name: event, data }) : printable(data).replaceAll("\n", " "));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof CliError) throw error;
      if (!hasConnected)
        throw new CliError(`${url} cannot be reached: ${causeOf(error)}`, exitCodes.unreachable, {
          cause: error,
        });
    }
    await delay(timerMs(retryMs), undefined, { signal }).catch(() => {});
  }
}

/** What streams of Jobwire and of tRPC say of themselves. */
const controlEvents: ReadonlySet<string> = new Set([
  "connected",
  "heartbeat",
  "ping",
  "restore-id",
  "return",
]);

/** An id as it is sent back: in UTF-8 (WHATWG HTML, section 9.2). */
function headerOf(id: string): string {
  const text = Buffer.from(id).toString("latin1");
  if (isHeaderValue(text)) return text;
  throw new CliError(`No header can carry the id ${JSON.stringify(id)}.`, exitCodes.refused);
}

/** On one line. Data that is no JSON is a text. */
function jsonOf({ id = null, name, data }: ShownEvent): string {
  let event = data;
  try {
    // As it came: a program may know numbers that JavaScript does not.
    if (/[\r\n]/.test(data)) event = JSON.stringify(JSON.parse(data));
    else JSON.parse(data);
  } catch {
    event = JSON.stringify(data);
  }
  const head = name === undefined || name === "message" ? { id } : { id, name };
  return `${JSON.stringify(head).slice(0, -1)},"event":${event}}`;
}

/** What comes back by itself is waited for, once the stream has been there. */
function refuse({ status, url }: Response, hasConnected: boolean): void {
  if (hasConnected && [429, 500, 502, 503, 504].includes(status)) return;
  throw new CliError(`${url} answered ${status}.`, exitCodes.refused);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
