export interface Recording {
  /** Where to stop: what it matches is the recording. Absent: where the server ends the stream. */
  readonly until?: RegExp;
  readonly lastEventId?: string;
  /** What to do once the stream has said so much: one after the other, each once. */
  readonly reactions?: readonly (readonly [said: RegExp, act: () => unknown])[];
}

/**
 * The bytes of a stream as text. What differs from run to run (ids, epochs, times) is put in a fixed form; everything
 * else is as it came.
 */
export async function recordWire(
  url: string,
  token: string,
  { until, lastEventId, reactions = [] }: Recording = {},
): Promise<string> {
  const leave = new AbortController();
  const response = await fetch(url, {
    headers: {
      accept: "text/event-stream",
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
    },
    signal: leave.signal,
  });
  if (response.status !== 200 || !response.body) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  let text = "";
  const waiting = [...reactions];
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    while (waiting[0]?.[0].test(text)) await waiting.shift()?.[1]();
    const [found] = until?.exec(text) ?? [];
    if (found === undefined) continue;
    text = found;
    break;
  }
  leave.abort();
  return withFixedValues(text);
}

/** The stream up to its event of this number. */
export function untilEvent(number: number): RegExp {
  // `connected` may have an id too.
  return new RegExp(`^(?:[^]*?\\n\\n(?!event: )(?:(?!\\n\\n)[^])*\\nid: [^\\n]+(?=\\n\\n)){${number}}\\n\\n`);
}

/** Names in the order of their appearance; every moment is the same, every duration one second. */
function withFixedValues(text: string): string {
  return [
    [/(?<=^retry: )\d+/gm, () => "1500"],
    [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, numbered("id-")],
    [/\b[0-9a-z]{20}(?=:\d)/g, numbered("epoch")],
    [/\bm\.[0-9a-f]{12}(?=\.)/g, () => "m.topics"],
    [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, () => "2026-01-31T09:30:00.000Z"],
    [/(?<="durationMs":)[\d.]+/g, () => "1000"],
  ].reduce<string>(
    (fixed, [pattern, replace]) => fixed.replaceAll(pattern as RegExp, replace as (found: string) => string),
    text,
  );
}

function numbered(prefix: string): (found: string) => string {
  const names = new Map<string, string>();
  return (found) => {
    const name = names.get(found) ?? `${prefix}${names.size + 1}`;
    names.set(found, name);
    return name;
  };
}
