import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { take, typesOf } from "./order.js";
import { away, describeOutages, refusedWithinMs } from "./outages.js";

const posted = (text: string) => ({ type: "notice.posted", text }) as const;
const closed = () => ({ type: "notice.closed" }) as const;

describeOutages("what goes on by itself", (outage) => {
  test("a pipe waits: its source may throw, stall or end meanwhile, and nothing is lost or doubled", async () => {
    const { begin, end, back, shop } = outage();
    const { notices, jobwire } = shop;
    const boardOf = (board: string) => ({ board, floor: 1 });
    const names = ["throws", "stalls", "ends"];
    let goOn = () => {};
    const whileAway = new Promise<void>((resolve) => (goOn = resolve));
    const source = async function* (last: () => unknown) {
      yield posted("1");
      await whileAway;
      yield posted("2");
      await last();
    };
    const broken = new RangeError("broken");
    const leaving = new AbortController();
    const piping = Promise.allSettled([
      notices.pipe(
        boardOf("throws"),
        source(() => Promise.reject(broken)),
        { fail: closed },
      ),
      notices.pipe(
        boardOf("stalls"),
        source(() => new Promise(() => {})),
        { signal: leaving.signal },
      ),
      notices.pipe(
        boardOf("ends"),
        source(() => {}),
        { end: closed },
      ),
    ]);
    for (const name of names) await take(notices.stream(boardOf(name)), 1);
    await begin();
    await expect(jobwire.ping()).rejects.toMatchObject(away);
    goOn();
    await delay(300);
    leaving.abort();
    await end();
    expect(await piping).toEqual([
      { status: "rejected", reason: broken },
      { status: "fulfilled", value: { events: 2 } },
      { status: "fulfilled", value: { events: 3 } },
    ]);
    // What is written may arrive before it is known that messages flow again.
    await back();
    const logs = names.map((name) => take(notices.stream(boardOf(name)), name === "stalls" ? 2 : undefined));
    const whole = ["notice.posted", "notice.posted", "notice.closed"];
    expect((await Promise.all(logs)).map(typesOf)).toEqual([whole, whole.slice(0, 2), whole]);
  });

  test("a pipe that has waited for long enough fails with the store's error, and leaves its source", async () => {
    const { begin, end, back, shop } = outage();
    const board = { board: "a", floor: 1 };
    let isLeft = false;
    const endless = (async function* () {
      try {
        for (let index = 0; ; index++) {
          yield posted(String(index));
          await delay(5);
        }
      } finally {
        isLeft = true;
      }
    })();
    const piping = shop.notices.pipe(board, endless, { patienceMs: 500 }).catch((error: unknown) => error);
    await take(shop.notices.stream(board), 3);
    await begin();
    const startedAt = performance.now();
    expect(await piping).toMatchObject(away);
    expect(performance.now() - startedAt).toBeLessThan(500 + 2 * refusedWithinMs);
    await vi.waitFor(() => expect(isLeft).toBe(true));
    await end();
    await back();
  });

  test("what was due meanwhile happens once, afterwards", async () => {
    const { begin, end, back, openClock } = outage();
    await using clock = await openClock();
    const keys = ["a", "b", "c"].map((alarmId) => ({ alarmId }));
    for (const key of keys)
      await clock.alarms.publish(key, { type: "alarm.set", at: new Date(Date.now() + 300) });
    await begin();
    await delay(500);
    await end();
    await back(clock.jobwire);
    for (const key of keys) await take(clock.alarms.stream(key), 2);
    // When one that was set later has rung, the others have been looked at again.
    await clock.alarms.publish({ alarmId: "later" }, { type: "alarm.set", at: new Date(Date.now() + 1000) });
    await take(clock.alarms.stream({ alarmId: "later" }), 2);
    for (const key of keys) expect(await clock.alarms.state(key)).toMatchObject({ rings: 1 });
    for (const error of clock.errors) expect(error).toMatchObject(away);
  });
});
