import { setImmediate as settle } from "node:timers/promises";
import { createConnectionMonitor, type ConnectionState } from "@jobwire/client";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { SharedStream } from "../../../client/src/tabs/shared-stream.js";
import type { TabGroup, TabMessage } from "../../../client/src/tabs/tab-group.js";
import { FakePage } from "../support/fake-page.js";

/** A tab that follows and is looked at; its leader's tab is hidden, so that its timers are slow. */

let page: FakePage;
beforeEach(() => {
  page = FakePage.open();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
});

function follow() {
  const said: TabMessage[] = [];
  const takeOver = vi.fn<TabGroup["takeOver"]>();
  const leaving = new AbortController();
  const group: TabGroup = {
    send: (message) => said.push(message),
    onMessage: () => {},
    lead: () => {},
    takeOver,
    leave: () => {},
  };
  const items = new SharedStream({
    group,
    open: async function* () {},
    startsAtNewest: false,
    cursor: null,
    signal: leaving.signal,
    connection: createConnectionMonitor().open(),
  }).items();
  const reading = items.next();
  return {
    said,
    takeOver,
    hearLeader(state: ConnectionState["state"]) {
      const position = { state, attempt: 3, nextRetryAt: null, error: null };
      group.onMessage({ kind: "position", cursor: null, state: position });
    },
    async leave() {
      leaving.abort();
      await reading;
    },
  };
}

const looks: Record<string, () => void> = {
  "is seen": () => page.show(true),
  "gets the focus": () => page.say("focus"),
  "comes back from the cache": () => page.say("pageshow"),
};

test.each(Object.entries(looks))("leads in place of a leader that waits, once it %s", async (_, look) => {
  const tab = follow();
  await settle();
  for (const state of ["waiting", "offline"] as const) {
    tab.hearLeader(state);
    look();
  }
  expect(tab.takeOver).toHaveBeenCalledTimes(2);
  await tab.leave();
  expect(page.listeners).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test.each(Object.entries(looks))(
  "asks a leader that is live whether it is there, once it %s",
  async (_, look) => {
    const tab = follow();
    await settle();
    tab.hearLeader("live");
    tab.said.length = 0;
    look();
    expect(tab.said).toEqual([{ kind: "ask" }]);
    expect(tab.takeOver).not.toHaveBeenCalled();
    await tab.leave();
  },
);

test("does neither while it is hidden", async () => {
  const tab = follow();
  await settle();
  tab.hearLeader("waiting");
  tab.said.length = 0;
  page.show(false);
  expect(tab.takeOver).not.toHaveBeenCalled();
  expect(tab.said).toEqual([]);
  await tab.leave();
});
