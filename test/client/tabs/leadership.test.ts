import { setImmediate as settle } from "node:timers/promises";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Leadership, type Locks } from "../../../client/src/tabs/leadership.js";
import { FakePage } from "../support/fake-page.js";
import { FakeLocks } from "./fake-locks.js";

const name = "jobwire";

/** A tab that notes its turns; each lasts until it is told to end. */
class Turns {
  readonly leadership: Leadership;
  taken = 0;
  isLeading = false;
  end = () => {};

  constructor(locks: FakeLocks) {
    this.leadership = new Leadership(locks, name, async (until) => {
      this.taken += 1;
      this.isLeading = true;
      await new Promise<void>((resolve) => {
        this.end = resolve;
        until.addEventListener("abort", () => resolve(), { once: true });
      });
      this.isLeading = false;
    });
  }
}

let locks: FakeLocks;
let page: FakePage;
beforeEach(() => {
  locks = new FakeLocks();
  page = FakePage.open();
});

/** How a page says that it will stand still, and that it goes on. */
const pauses: Record<string, { freeze: () => void; resume: () => void }> = {
  "is frozen": { freeze: () => page.sayToDocument("freeze"), resume: () => page.sayToDocument("resume") },
  "goes into the cache": { freeze: () => page.say("pagehide"), resume: () => page.say("pageshow") },
};

describe.each(Object.entries(pauses))("a page that %s", (_, { freeze, resume }) => {
  test("gives its turn to the next, and stands in line again once it goes on", async () => {
    // The other tab is another page: it hears nothing of this one's events.
    const first = new Turns(locks);
    await settle();
    expect(first.isLeading).toBe(true);
    const elsewhere = locks.request(name, {}, () => new Promise<void>((resolve) => (release = resolve)));
    let release = () => {};
    await settle();
    freeze();
    await settle();
    expect(first.isLeading).toBe(false);
    expect(locks.waiting(name)).toBe(0);
    resume();
    await settle();
    expect(locks.waiting(name)).toBe(1);
    expect(first.isLeading).toBe(false);
    release();
    await elsewhere;
    await settle();
    expect(first.isLeading).toBe(true);
    expect(first.taken).toBe(2);
    first.leadership.leave();
  });

  test("leaves the line, so that no lock is given to one that cannot use it", async () => {
    let release = () => {};
    const elsewhere = locks.request(name, {}, () => new Promise<void>((resolve) => (release = resolve)));
    const second = new Turns(locks);
    await settle();
    expect(locks.waiting(name)).toBe(1);
    freeze();
    second.leadership.takeOver();
    await settle();
    expect(locks.waiting(name)).toBe(0);
    release();
    await elsewhere;
    await settle();
    expect(locks.isHeld(name)).toBe(false);
    expect(second.taken).toBe(0);
    // Said twice, as some browsers do.
    resume();
    resume();
    await settle();
    expect(second.isLeading).toBe(true);
    expect(locks.waiting(name)).toBe(0);
    second.leadership.leave();
    await settle();
    expect(locks.isHeld(name)).toBe(false);
  });
});

describe("a tab that takes over", () => {
  test("leads at once, and the one before stands in line again", async () => {
    const [silent, next] = [new Turns(locks), new Turns(locks)];
    await settle();
    expect([silent.isLeading, next.isLeading]).toEqual([true, false]);
    next.leadership.takeOver();
    await settle();
    expect([silent.isLeading, next.isLeading]).toEqual([false, true]);
    next.leadership.leave();
    await settle();
    expect([silent.isLeading, next.isLeading]).toEqual([true, false]);
    expect([silent.taken, next.taken]).toEqual([2, 1]);
    silent.leadership.leave();
  });

  test("is one of all that would: the others see who leads now before they try", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const all = Array.from({ length: 5 }, () => new Turns(locks));
    await settle();
    for (const { leadership } of all) leadership.takeOver();
    await settle();
    expect(all.map(({ taken }) => taken)).toEqual([1, 1, 0, 0, 0]);
    await vi.advanceTimersByTimeAsync(1000);
    await settle();
    all[3]?.leadership.takeOver();
    await settle();
    expect(all.map(({ isLeading }) => isLeading)).toEqual([false, false, false, true, false]);
    for (const { leadership } of all) leadership.leave();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not when it leads already, or has left", async () => {
    const [leader, left] = [new Turns(locks), new Turns(locks)];
    await settle();
    left.leadership.leave();
    left.leadership.takeOver();
    leader.leadership.takeOver();
    await settle();
    expect([leader.taken, left.taken]).toEqual([1, 0]);
    leader.leadership.leave();
  });
});

describe("a tab", () => {
  test("whose stream is over stands in no line any more, and leaves no listener", async () => {
    const [leader, next] = [new Turns(locks), new Turns(locks)];
    await settle();
    leader.end();
    await settle();
    expect([leader.isLeading, next.isLeading]).toEqual([false, true]);
    expect(locks.waiting(name)).toBe(0);
    next.leadership.leave();
    await settle();
    expect(page.listeners).toBe(0);
    expect(locks.isHeld(name)).toBe(false);
  });

  test("does not ask again and again where no lock can be had", async () => {
    const request = vi.fn<Locks["request"]>(() =>
      Promise.reject(new DOMException("Not here", "SecurityError")),
    );
    const leadership = new Leadership({ request }, name, async () => {});
    leadership.takeOver();
    for (let turn = 0; turn < 10; turn++) await settle();
    expect(request).toHaveBeenCalledTimes(2);
    leadership.leave();
  });
});
