import { setTimeout as delay } from "node:timers/promises";
import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { openShop, take } from "./order.js";
import { describeOnEachTopicStore, describeOnRedis, newPrefix } from "./stores.js";

/** With values that JSON has no form for. */
const sample = defineTopic("sample", {
  key: z.object({ sampleId: z.string() }),
  events: {
    "sample.taken": z.object({
      count: z.bigint().optional(),
      parts: z.map(z.string(), z.string()).optional(),
    }),
  },
});
const board = { board: "a", floor: 1 };
const posted = (text: string) => ({ type: "notice.posted", text }) as const;

async function* tokens(count: number, pause?: () => Promise<unknown>) {
  for (let index = 0; index < count; index++) {
    await pause?.();
    yield posted(String(index));
  }
}

function textsOf(taken: readonly { readonly event: object }[]): string[] {
  return taken.flatMap(({ event }) =>
    "text" in event && typeof event.text === "string" ? [event.text] : [],
  );
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describeOnEachTopicStore("a pipe", (newStore) => {
  test("commits everything its source yields, in order, joined into few commits, and ends the topic", async () => {
    await using shop = await openShop(newStore());
    const reading = take(shop.notices.stream(board));
    const outcome = await shop.notices.pipe(board, tokens(1000), { end: () => ({ type: "notice.closed" }) });
    expect(outcome).toEqual({ events: 1001 });
    expect(textsOf(await reading)).toEqual(numbers(1000));
  });

  test("what waits is committed although the source stalls", async () => {
    await using shop = await openShop(newStore());
    const leaving = new AbortController();
    const source = (async function* () {
      yield posted("one");
      await new Promise(() => {});
    })();
    const piping = shop.notices.pipe(board, source, { signal: leaving.signal });
    expect(textsOf(await take(shop.notices.stream(board), 1))).toEqual(["one"]);
    leaving.abort();
    expect(await piping).toEqual({ events: 1 });
  });

  test("rejects with what its source throws, after what came before it and the event that says so", async () => {
    await using shop = await openShop(newStore());
    const broken = new RangeError("broken");
    const source = (async function* () {
      yield posted("one");
      throw broken;
    })();
    await expect(shop.notices.pipe(board, source, { fail: () => ({ type: "notice.closed" }) })).rejects.toBe(
      broken,
    );
    expect((await take(shop.notices.stream(board))).map(({ event }) => event.type)).toEqual([
      "notice.posted",
      "notice.closed",
    ]);
  });

  test("leaves a source that never ends when it is aborted", async () => {
    await using shop = await openShop(newStore());
    const leaving = new AbortController();
    let isLeft = false;
    const source = (async function* () {
      try {
        for (let index = 0; ; index++) {
          yield posted(String(index));
          await delay(1);
        }
      } finally {
        isLeft = true;
      }
    })();
    const piping = shop.notices.pipe(board, source, { signal: leaving.signal });
    await take(shop.notices.stream(board), 20);
    leaving.abort();
    const { events } = await piping;
    expect(textsOf(await take(shop.notices.stream(board), events))).toEqual(numbers(events));
    await vi.waitFor(() => expect(isLeft).toBe(true));
  });

  test("an event that does not fit ends it with the field's name, after what came before it and the event that says so", async () => {
    await using shop = await openShop(newStore());
    const source = [
      ...Array.from({ length: 7 }, (_, index) => posted(String(index))),
      { type: "notice.posted" },
    ];
    const piping = shop.notices.pipe(
      board,
      // @ts-expect-error wrong on purpose
      [...source, posted("after it")],
      { fail: () => ({ type: "notice.closed" }) },
    );
    await expect(piping).rejects.toMatchObject({
      reason: "INPUT_INVALID",
      message: expect.stringContaining("text"),
    });
    const taken = await take(shop.notices.stream(board));
    expect(textsOf(taken)).toEqual(numbers(7));
    expect(taken.at(-1)?.event.type).toBe("notice.closed");
  });

  test("an event that the state refuses takes nothing with it that came before", async () => {
    await using shop = await openShop(newStore());
    const key = { orderId: "o" };
    const placed = { type: "order.placed", total: 1 } as const;
    const noted = { type: "order.noted", text: "a" } as const;
    const piping = shop.orders.pipe(key, [placed, noted, placed, noted], {
      fail: () => ({ type: "order.delivered" }),
    });
    await expect(piping).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
      message: expect.stringContaining("placed twice"),
    });
    expect(await shop.orders.state(key)).toMatchObject({ status: "delivered", notes: ["a"] });
  });

  test("what follows the end is refused, and so is what would be said of that; the end stands", async () => {
    await using shop = await openShop(newStore());
    const closed = { type: "notice.closed" } as const;
    const piping = shop.notices.pipe(board, [posted("one"), closed, posted("two")], { fail: () => closed });
    await expect(piping).rejects.toMatchObject({ reason: "TOPIC_ENDED" });
    expect((await take(shop.notices.stream(board))).map(({ event }) => event.type)).toEqual([
      "notice.posted",
      "notice.closed",
    ]);
  });

  test("takes what `publish` takes, and commits it by its size", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const samples = jobwire.topic(sample);
    const big = { type: "sample.taken", count: 2n ** 64n } as const;
    const wide = { type: "sample.taken", parts: new Map([["a", "x".repeat(20_000)]]) } as const;
    const events = [big, ...Array.from({ length: 219 }, () => wide)];
    expect(await samples.pipe({ sampleId: "a" }, events)).toEqual({ events: 220 });
    const [first] = await take(samples.stream({ sampleId: "a" }), 1);
    expect(first?.event).toMatchObject({ count: 2n ** 64n });
  });

  test("rejects when what waits cannot be committed although its source stalls, and leaves it", async () => {
    await using shop = await openShop(newStore());
    await shop.notices.publish(board, { type: "notice.closed" });
    let isLeft = false;
    const source = {
      next: () => (isLeft ? Promise.resolve({ done: true as const, value: undefined }) : nextOf()),
      async return() {
        isLeft = true;
        return { done: true as const, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    let asked = 0;
    const nextOf = () =>
      asked++ === 0
        ? Promise.resolve({ done: false as const, value: posted("one") })
        : new Promise<never>(() => {});
    await expect(shop.notices.pipe(board, source)).rejects.toMatchObject({ reason: "TOPIC_ENDED" });
    expect(isLeft).toBe(true);
  });

  test("asks its source for no more than it can commit", async () => {
    const inner = memoryStore();
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    let isGated = false;
    await using shop = await openShop({
      open: async (setup) => {
        const store = await inner.open(setup);
        const commit = store.commit.bind(store);
        store.commit = async (change) => {
          if (isGated) await gate;
          return commit(change);
        };
        return store;
      },
    });
    isGated = true;
    let asked = 0;
    const source = (function* () {
      for (; asked < 10_000; asked++) yield posted("x".repeat(1000));
    })();
    const piping = shop.notices.pipe(board, source);
    await delay(20);
    expect(asked).toBeLessThan(100);
    open();
    expect(await piping).toEqual({ events: 10_000 });
  });
});

describeOnRedis("a pipe while Redis is away", (redis) => {
  test("waits for it, and loses and doubles nothing", async () => {
    await using shop = await openShop(redisStore({ url: redis().url, prefix: newPrefix() }));
    const piping = shop.notices.pipe(
      board,
      tokens(300, () => delay(5)),
      {
        end: () => ({ type: "notice.closed" }),
      },
    );
    await take(shop.notices.stream(board), 20);
    await redis().kill();
    await redis().restart();
    // What was committed before is gone with the Redis that had it; all that follows is there, in order.
    await piping;
    const texts = textsOf(await take(shop.notices.stream(board))).map(Number);
    expect(texts.at(-1)).toBe(299);
    expect(texts).toEqual(texts.map((_, index) => (texts[0] ?? 0) + index));
  });
});
