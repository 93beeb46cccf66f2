import { collect } from "@jobwire/client/testing";
import { describe, expect, test } from "vitest";

interface Tick {
  readonly type: "tick";
  readonly count: number;
}

/** Yields as many ticks, then what `end` does. */
async function* ticks(count: number, end: () => Promise<void> = async () => {}): AsyncGenerator<Tick> {
  for (let index = 1; index <= count; index++) yield { type: "tick", count: index };
  await end();
}

const never = () => new Promise<void>(() => {});

describe("until", () => {
  test("finds an event that is here already and one that is still to come", async () => {
    using stream = collect(ticks(3, never));
    expect(await stream.until(({ count }) => count === 3)).toEqual({ type: "tick", count: 3 });
    expect(await stream.until(({ count }) => count === 1)).toEqual({ type: "tick", count: 1 });
    expect(stream.events).toHaveLength(3);
  });

  test("says after its time what it waited for and what came instead", async () => {
    using stream = collect(ticks(2, never), { timeoutMs: 20 });
    await expect(stream.until(({ count }) => count === 3)).rejects.toThrow(
      `Waited 20 ms for ({ count }) => count === 3
2 received:
  1. {"type":"tick","count":1}
  2. {"type":"tick","count":2}`,
    );
  });

  test("does not wait when the stream has completed", async () => {
    using stream = collect(ticks(0), { timeoutMs: 60_000 });
    await expect(stream.until(() => true)).rejects.toThrow(
      "It completed. Waited for () => true\n0 received.",
    );
  });

  test("says with what the stream failed", async () => {
    const failure = new Error("cable cut");
    using stream = collect(
      ticks(1, () => Promise.reject(failure)),
      { timeoutMs: 60_000 },
    );
    await expect(stream.until(({ count }) => count === 2)).rejects.toMatchObject({
      message: expect.stringContaining(
        "It failed: cable cut. Waited for ({ count }) => count === 2\n1 received:",
      ),
      cause: failure,
    });
  });

  test("passes on what the predicate throws", async () => {
    using stream = collect(ticks(1, never), { timeoutMs: 60_000 });
    const predicate = () => {
      throw new Error("a fault of the test");
    };
    await expect(stream.until(predicate)).rejects.toThrow("a fault of the test");
  });

  test("shows the last twenty of many events, each cut to a line", async () => {
    using stream = collect(ticks(30, never), { timeoutMs: 20 });
    const error = await stream.until(() => false).catch(({ message }: Error) => message);
    expect(error).toMatch(/^Waited.*\n30 received:\n {2}11\. /);
    expect(error).toMatch(/ {2}30\. \{"type":"tick","count":30\}$/);
  });
});

test("completed gives every event and error the error, each refuses the other", async () => {
  using whole = collect(ticks(2));
  expect(await whole.completed()).toHaveLength(2);
  await expect(whole.error()).rejects.toThrow("The stream completed without an error. 2 received.");
  using broken = collect(ticks(1, () => Promise.reject(new Error("cable cut"))));
  expect(await broken.error()).toEqual(new Error("cable cut"));
  await expect(broken.completed()).rejects.toThrow("cable cut");
});

test("disposing it leaves the stream", async () => {
  const { promise: left, resolve } = withResolvers();
  const stream: AsyncIterable<Tick> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        resolve();
        return { done: true, value: undefined };
      },
    }),
  };
  {
    using _stream = collect(stream);
  }
  await left;
});

test("the ids of tracked values of tRPC are kept", async () => {
  async function* tracked() {
    yield { id: "e:1", data: 1 };
    yield { id: "e:2", data: 2 };
  }
  using stream = collect(tracked());
  await stream.completed();
  expect(stream.ids).toEqual(["e:1", "e:2"]);
});

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
