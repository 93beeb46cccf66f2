import { sseLink } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import { initTRPC, tracked } from "@trpc/server";
import type { AnyTRPCRouter } from "@trpc/server";
import { expect, test } from "vitest";
import { z } from "zod";
import { describeOnEachHandler } from "../sse/support/handlers.js";
import { Collected, type StreamCallbacks } from "../support/collect.js";

/** Ids as users of tRPC choose them, with our link on each server: every event once, whatever its id is made of. */

const { router, procedure } = initTRPC.create({ isDev: false });

const ids: readonly (readonly [string, string])[] = [
  ["other scripts", "日本語-Ω-ж"],
  ["Latin-1", "café"],
  ["what reads as UTF-8 in Latin-1", "cafÃ©"],
  ["beyond the basic plane", "🏗️ 建 👩‍👩‍👧"],
  ["a byte order mark first", "\uFEFFx"],
  ["percent-encoded", "a%20b%E6%97%A5%"],
  ["spaces at both ends", "  spaced  "],
  ["a space alone", " "],
  ["tabs and other control characters", "\ta\u0001b\u007F\u0085\t"],
  ["the syntax of frames", "data: x: y"],
  ["the syntax of URLs", "a?b&lastEventId=c#d+e"],
  ["very long", "長".repeat(700)],
];

/** Gives one event for each connection, the one after `lastEventId`; an id it does not know means the first. */
function oneByOne(given: readonly string[]) {
  const asked: (string | undefined)[] = [];
  const events = procedure
    .input(z.object({ lastEventId: z.string().optional() }).optional())
    .subscription(async function* ({ input }) {
      asked.push(input?.lastEventId);
      const next = input?.lastEventId === undefined ? 0 : given.indexOf(input.lastEventId) + 1;
      const id = given[next];
      if (id === undefined) return;
      yield tracked(id, next);
      // As tRPC has it: the stream breaks off, and its client comes back.
      throw new DOMException("broken", "AbortError");
    });
  return { asked, router: router({ events }) };
}

describeOnEachHandler("sseLink continues after an id", ({ mount }) => {
  test.each(ids)("of %s", async (_, id) => {
    const given = [id, `${id} second`, "last"];
    const { asked, router: routed } = oneByOne(given);
    await using served = await mount({ router: routed, retryMs: 1 });
    using stream = watch(served.url);
    await stream.completed();
    expect(stream.ids).toEqual(given);
    expect(asked).toEqual([undefined, ...given]);
  });
});

function watch(url: string): Collected<number> {
  const link = sseLink<AnyTRPCRouter>({ url, backoff: { baseMs: 1, capMs: 1 } });
  const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] });
  return new Collected<number>((callbacks: StreamCallbacks<number>) =>
    client.subscription("events", undefined, callbacks as StreamCallbacks<unknown> as never),
  );
}
