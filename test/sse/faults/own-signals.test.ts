import { memoryStore } from "@jobwire/server/topics";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { expect, test } from "vitest";
import type { EventStream } from "../../../server/src/streams/event-stream.js";
import { openShop, type Shop } from "../../topics/order.js";
import { kindsOf } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { openStream } from "../support/wire-stream.js";

/** A signal that is not the request's: somebody's rights ended, for instance. */

const board = { board: "a", floor: 1 };
const other = { board: "b", floor: 1 };
const streams: Record<string, (shop: Shop, signal: AbortSignal) => EventStream<object>> = {
  "of a topic": ({ notices }, signal) => notices.stream(board, { signal }),
  "of some events": ({ notices }, signal) => notices.stream(board, { signal, only: () => true }),
  "over several topics": ({ notices, jobwire }, signal) =>
    jobwire.merge([notices.stream(board), notices.stream(other)], { signal }),
  "over several topics, one with the signal": ({ notices, jobwire }, signal) =>
    jobwire.merge([notices.stream(board), notices.stream(other, { signal })]),
};

describeOnEachHandler("a stream with a signal of its own", ({ mount }) => {
  const { router, procedure } = initTRPC.create({ transformer: superjson, isDev: false });

  test.each(Object.entries(streams))(
    "%s ends when it aborts, and tells nothing after it",
    async (_, open) => {
      await using shop = await openShop(memoryStore());
      await shop.notices.publish(board, { type: "notice.posted", text: "before" });
      const allowed = new AbortController();
      const events = procedure.subscription(() => open(shop, allowed.signal));
      await using served = await mount({ router: router({ events }) });
      const opened = () => openStream(`${served.url}/events`);
      using stream = await opened();
      await stream.until(({ data }) => data?.includes("before") ?? false);
      allowed.abort();
      await shop.notices.publish(board, { type: "notice.posted", text: "after" });
      expect(kindsOf(await stream.completed())).toEqual(["connected", "data", "return"]);
      using late = await opened();
      expect(kindsOf(await late.completed())).toEqual(["connected", "return"]);
    },
  );
});
