import { defineTopic } from "@jobwire/shared";
import { expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "../../server/src/app-error.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { Commit, Committed, Store } from "../../server/src/store/store.js";
import { Jobwire } from "../../server/src/topics/index.js";
import { tally } from "./tally.js";

const note = defineTopic("note", {
  key: z.object({ noteId: z.string() }),
  events: { written: z.object({}) },
});

/** A store that makes its first commit and does not say so. */
function losesItsFirstAnswer(): Store {
  const memory = openMemoryStore({ maxEvents: 100 });
  let lost = 1;
  return new Proxy(memory, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== "commit") return typeof member === "function" ? (member.bind(target) as unknown) : member;
      return async (commit: Commit): Promise<Committed> => {
        const committed = await target.commit(commit);
        if (lost-- > 0) throw new AppError("STORE_UNAVAILABLE", "The store does not answer.");
        return committed;
      };
    },
  });
}

test("a commit whose answer was lost is told when it is made again under its idempotency key, and only then", async () => {
  await using jobwire = new Jobwire(losesItsFirstAnswer(), {});
  const told: unknown[] = [];
  const notes = jobwire.topic(note, { onCommitted: (_key, _state, events) => told.push(events.length) });
  const write = () => notes.publish({ noteId: "a" }, { type: "written" }, { idempotencyKey: "once" });
  await expect(write()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  expect(told).toEqual([]);
  expect(await write()).toEqual(await write());
  expect(told).toEqual([1]);
});

test("a change whose answer was lost is told so too, with the state that it has led to", async () => {
  await using jobwire = new Jobwire(losesItsFirstAnswer(), {});
  const told: unknown[] = [];
  const tallies = jobwire.topic(tally, {
    onCommitted: (_key, state, events) => told.push([state, events.length]),
  });
  const add = () =>
    tallies.change({ tallyId: "a" }, () => ({ type: "tally.added", by: 5 }), { idempotencyKey: "once" });
  // Whether it was made is asked at once.
  const made = await add();
  expect(made).toMatchObject({ state: { sum: 5 }, ids: [expect.any(String)] });
  expect(told).toEqual([[{ sum: 5 }, 1]]);
  expect(await add()).toEqual(made);
  expect(told).toEqual([[{ sum: 5 }, 1]]);
});
