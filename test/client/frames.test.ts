import fc from "fast-check";
import { expect, test } from "vitest";
import { createConnectionMonitor } from "../../client/src/connection-state.js";
import { openStream, type StreamValue } from "../../client/src/open-stream.js";

/** What a server may say, and what is to come of it. */
interface Frame {
  readonly text: string;
  readonly value?: StreamValue;
}

const encoder = new TextEncoder();
const lineEnds = fc.constantFrom("\n", "\r\n", "\r");
const idArbitrary = fc.stringMatching(/^[!-~]{1,20}$/);

/** As JSON has them: it knows no -0. */
const jsonArbitrary = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

const frameArbitrary: fc.Arbitrary<Frame> = fc.oneof(
  fc.tuple(idArbitrary, jsonArbitrary).map(([id, data]) => ({
    text: `data: ${JSON.stringify(data)}\nid: ${id}\n\n`,
    value: { id, data },
  })),
  jsonArbitrary.map((data) => ({ text: `data:${JSON.stringify(data)}\n\n`, value: { id: undefined, data } })),
  jsonArbitrary.map((data) => ({
    // One line for each of its lines.
    text: `${JSON.stringify(data, null, 1)
      .split("\n")
      .map((line) => `data: ${line}\n`)
      .join("")}event: message\n\n`,
    value: { id: undefined, data },
  })),
  fc
    .constantFrom(
      "event: ping\ndata: \n\n",
      ": a comment\n\n",
      "retry: 5\n\n",
      "event: of-the-future\ndata: {}\n\n",
      "unknown: field\n\n",
      "id\n\n",
    )
    .map((text) => ({ text })),
);

test("frames come out as they went in wherever their bytes are split, whatever ends their lines", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frameArbitrary, { maxLength: 20 }),
      lineEnds,
      fc.array(fc.nat(), { maxLength: 30 }),
      async (frames, lineEnd, cuts) => {
        const text = frames.map((frame) => frame.text).join("");
        // A carriage return is the end of a line once it is known that no line feed follows: hence the comment.
        const whole = `${text}event: return\ndata: \n\n: end\n`;
        const bytes = encoder.encode(whole.replaceAll("\n", lineEnd));
        const values = await valuesOf(piecesOf(bytes, cuts));
        expect(values).toEqual(frames.flatMap(({ value }) => (value ? [value] : [])));
      },
    ),
    { numRuns: 1000 },
  );
});

test("two events are read alike at every one of their byte boundaries", async () => {
  const data = { text: "Grüße, 世界, 👋", number: 1.5 };
  const frame = `data: ${JSON.stringify(data)}\r\nid: ü:1\r\n\r\n`;
  const bytes = encoder.encode(`\uFEFF${frame}${frame}event: return\r\ndata: \r\n\r\n`);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const values = await valuesOf([bytes.slice(0, cut), bytes.slice(cut)]);
    expect(values).toEqual([
      { id: "ü:1", data },
      { id: "ü:1", data },
    ]);
  }
});

test("random bytes end in an error or in nothing, never in a value that was not sent", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 500 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      async (noise, cuts) => {
        const bytes = new Uint8Array([...noise, ...encoder.encode("\n\nevent: return\ndata: \n\n")]);
        const values = await valuesOf(piecesOf(bytes, cuts)).catch((error: unknown) => error);
        if (values instanceof Error) expect(values.name).toBe("TRPCClientError");
        else expect(values).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test("an event that never ends is refused before it fills the memory", async () => {
  const piece = encoder.encode("x".repeat(1024 * 1024));
  let taken = 0;
  function* endless() {
    yield encoder.encode("data: ");
    for (; ; taken++) yield piece;
  }
  await expect(valuesOf(endless())).rejects.toThrow("An event is longer than 16777216 characters.");
  expect(taken).toBeLessThan(20);
});

/** What a client reads of an answer that comes in these pieces. */
async function valuesOf(pieces: Iterable<Uint8Array>): Promise<StreamValue[]> {
  const iterator = pieces[Symbol.iterator]();
  const read = async () => {
    const { done = false, value } = iterator.next();
    return { done, value: value as Uint8Array | undefined };
  };
  const { values } = openStream(
    {
      url: "http://localhost",
      monitor: createConnectionMonitor(),
      backoff: { baseMs: 0, capMs: 0 },
      fetch: async () => ({
        ok: true,
        status: 200,
        headers: new Headers({ "content-type": "text/event-stream" }),
        body: { getReader: () => ({ read }) },
        text: async () => "",
      }),
    },
    { path: "any", input: undefined, transformer: plain, pathSeparator: "." },
    null,
  );
  const received: StreamValue[] = [];
  for await (const value of values) received.push(value);
  return received;
}

const same = { serialize: (value: unknown) => value, deserialize: (value: unknown) => value };
const plain = { input: same, output: same };

function piecesOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
  return [0, ...places].map((place, index) => bytes.slice(place, places[index] ?? bytes.length));
}
