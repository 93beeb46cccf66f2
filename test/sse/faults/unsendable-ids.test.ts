import { initTRPC, tracked } from "@trpc/server";
import { expect, test } from "vitest";
import { z } from "zod";
import { data, errorOf, kindsOf, returned } from "../support/frames.js";
import { jobwireHandler } from "../support/handlers.js";
import { readStream } from "../support/wire-stream.js";

/** Ids that would end the line they stand in, or come back as others; older versions of tRPC let them through. */

const { router, procedure } = initTRPC.create({ isDev: false });

/** A tracked value with an id that `tracked` refuses. */
function trackedAnyhow(id: unknown, value: unknown) {
  const envelope: unknown[] = tracked("id", value);
  envelope[0] = id;
  return envelope;
}

test.each([
  ["a line feed", "a\nb"],
  ["a frame of its own", "a\n\nevent: return\ndata: \n\n"],
  ["a carriage return", "a\rdata: 7"],
  ["NUL", "a\0b"],
  ["nothing", ""],
  ["half of a surrogate pair", "\uD83Ca"],
  ["no text", undefined],
  ["null", null],
  ["an object that says what it likes", { toString: (): string => "a\n\nevent: return" }],
])("an id that holds %s is an error of the stream, and breaks no frame", async (_, id) => {
  let returns = 0;
  const values = procedure.subscription(async function* () {
    try {
      yield tracked("fine", 1);
      yield trackedAnyhow(id, 2);
      yield 3;
    } finally {
      returns += 1;
    }
  });
  await using served = await jobwireHandler.mount({ router: router({ values }) });
  const frames = await readStream(`${served.url}/values`);
  expect(kindsOf(frames)).toEqual(["connected", "data", "serialized-error"]);
  expect(frames[1]).toEqual(data(1, "fine"));
  expect(errorOf(frames[2])).toMatchObject({
    message: expect.stringContaining("The id of a tracked value must be text"),
    data: { code: "INTERNAL_SERVER_ERROR" },
  });
  expect(served.failures.map(({ error }) => error.code)).toEqual(["INTERNAL_SERVER_ERROR"]);
  expect(returns).toBe(1);
});

test("a number is an id", async () => {
  const values = procedure.subscription(async function* () {
    yield trackedAnyhow(7, "seven");
    yield "untracked";
  });
  await using served = await jobwireHandler.mount({ router: router({ values }) });
  expect((await readStream(`${served.url}/values`)).slice(1)).toEqual([
    data("seven", "7"),
    data("untracked", ""),
    { event: "restore-id", id: "7", data: "" },
    returned,
  ]);
});

test.each(["a\nb", "a\rid: 7", "\0", "\n\nevent: return"])(
  "an id that a client comes with and no frame can hold is in none: %j",
  async (id) => {
    const values = procedure.input(z.object({ lastEventId: z.string() })).subscription(async function* ({
      input,
    }) {
      yield input.lastEventId;
    });
    await using served = await jobwireHandler.mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values?lastEventId=${encodeURIComponent(id)}`);
    expect(frames.slice(1)).toEqual([data(id), returned]);
  },
);
