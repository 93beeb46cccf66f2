import { createConnectionMonitor, type ConnectionState } from "@jobwire/client";
import { expect, onTestFinished, test, vi } from "vitest";

const idle: ConnectionState = { state: "idle", attempt: 0, nextRetryAt: null, lastError: null };
const stateOf = (state: ConnectionState["state"]): ConnectionState => ({ ...idle, state });

test("of several streams the one that is worst off is told", () => {
  const monitor = createConnectionMonitor();
  const seen: string[] = [];
  monitor.subscribe(() => seen.push(monitor.getSnapshot().state));
  const [first, second] = [monitor.open(), monitor.open()];
  first.set(stateOf("connecting"));
  first.set(stateOf("live"));
  second.set(stateOf("connecting"));
  second.set(stateOf("waiting"));
  first.set(stateOf("paused"));
  second.set(stateOf("live"));
  second.set(idle);
  first.set(idle);
  expect(seen).toEqual([
    "connecting",
    "live",
    "connecting",
    "waiting",
    // The first is paused: nothing that is not known.
    "paused",
    "idle",
  ]);
});

test("the snapshot is the same object until it changes, and so is each stream's", () => {
  const monitor = createConnectionMonitor();
  const stream = monitor.open();
  const live = stateOf("live");
  stream.set(live);
  expect(monitor.getSnapshot()).toBe(monitor.getSnapshot());
  let changes = 0;
  monitor.subscribe(() => (changes += 1));
  stream.set(live);
  expect(changes).toBe(0);
});

test("a listener that subscribes twice is called twice, and leaves one by one", () => {
  const monitor = createConnectionMonitor();
  const stream = monitor.open();
  let calls = 0;
  const listener = () => (calls += 1);
  const [leave, leaveToo] = [monitor.subscribe(listener), monitor.subscribe(listener)];
  stream.set(stateOf("connecting"));
  expect(calls).toBe(2);
  leave();
  stream.set(stateOf("live"));
  expect(calls).toBe(3);
  leaveToo();
  stream.set(idle);
  expect(calls).toBe(3);
});

test("what a listener throws is reported as uncaught, and reaches neither the others nor the stream", async () => {
  const reported: (() => void)[] = [];
  vi.stubGlobal("queueMicrotask", (report: () => void) => reported.push(report));
  onTestFinished(() => void vi.unstubAllGlobals());
  const monitor = createConnectionMonitor();
  const stream = monitor.open();
  const seen: string[] = [];
  monitor.subscribe(() => {
    throw new Error("a badge that is broken");
  });
  monitor.subscribe(() => seen.push(monitor.getSnapshot().state));
  stream.set(stateOf("live"));
  expect(seen).toEqual(["live"]);
  expect(reported).toHaveLength(1);
  expect(reported[0]).toThrow("a badge that is broken");
});

test("a stream that ended by an error leaves it to be read", () => {
  const monitor = createConnectionMonitor();
  const stream = monitor.open();
  stream.set(stateOf("live"));
  const lastError = Object.assign(new Error("gone"), { shape: undefined, data: undefined });
  stream.set({ ...idle, lastError });
  expect(monitor.getSnapshot()).toEqual({ ...idle, lastError });
});
