import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Heartbeat, type Beating } from "../../../server/src/sse/heartbeat.js";
import { kindsOf } from "../support/frames.js";
import { startTopicServer } from "../support/topic-server.js";
import { openStream } from "../support/wire-stream.js";

/** Something that notes when it was pinged and expired. */
class Patient implements Beating {
  lastSentTurn: number;
  readonly pings: number[] = [];
  readonly expiries: number[] = [];

  constructor(
    private readonly heartbeat: Heartbeat,
    readonly expiresAt = Infinity,
  ) {
    this.lastSentTurn = heartbeat.turn;
  }

  send(): void {
    this.lastSentTurn = this.heartbeat.turn;
  }

  ping(): void {
    this.pings.push(Date.now());
  }

  expire(): void {
    this.expiries.push(Date.now());
  }
}

describe("the wheel of heartbeats", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  test.each([20, 100, 1000, 15_000, 60_000])(
    "silence of %d ms brings a ping, and every such silence another",
    (intervalMs) => {
      using heartbeat = new Heartbeat(intervalMs);
      const turnMs = Math.min(250, intervalMs / 4);
      const patient = new Patient(heartbeat);
      heartbeat.add(patient);
      vi.advanceTimersByTime(10 * intervalMs + 2 * turnMs);
      expect(patient.pings.length).toBeGreaterThanOrEqual(8);
      let last = 0;
      for (const at of patient.pings) {
        expect(at - last).toBeGreaterThanOrEqual(intervalMs);
        expect(at - last).toBeLessThanOrEqual(intervalMs + 2 * turnMs);
        last = at;
      }
    },
  );

  test("whoever sends in time is never pinged, whoever stops is, one interval later", () => {
    using heartbeat = new Heartbeat(1000);
    const busy = new Patient(heartbeat);
    const idle = new Patient(heartbeat);
    heartbeat.add(busy);
    heartbeat.add(idle);
    for (let at = 0; at < 20_000; at += 900) {
      vi.advanceTimersByTime(900);
      busy.send();
    }
    expect(busy.pings).toEqual([]);
    expect(idle.pings.length).toBeGreaterThanOrEqual(15);
    const stopped = Date.now();
    vi.advanceTimersByTime(1500);
    expect(busy.pings).toHaveLength(1);
    expect((busy.pings[0] ?? 0) - stopped).toBeGreaterThanOrEqual(1000);
  });

  test.each([1, 130, 1000, 5000, 123_456])(
    "who expires in %d ms does so then, once, and is forgotten",
    (expiresIn) => {
      using heartbeat = new Heartbeat(1000);
      const patient = new Patient(heartbeat, expiresIn);
      heartbeat.add(patient);
      vi.advanceTimersByTime(200_000);
      expect(patient.expiries).toHaveLength(1);
      const late = (patient.expiries[0] ?? 0) - expiresIn;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(500);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test("one timer serves all, and none is left when the last has gone", () => {
    using heartbeat = new Heartbeat(1000);
    const patients = Array.from({ length: 1000 }, () => new Patient(heartbeat));
    for (const patient of patients) {
      heartbeat.add(patient);
      vi.advanceTimersByTime(7);
    }
    expect(vi.getTimerCount()).toBe(1);
    for (const patient of patients.slice(1)) heartbeat.delete(patient);
    expect(vi.getTimerCount()).toBe(1);
    const before = patients.map(({ pings }) => pings.length);
    vi.advanceTimersByTime(5000);
    const pinged = patients.filter(({ pings }, index) => pings.length > (before[index] ?? 0));
    expect(pinged).toEqual([patients[0]]);
    heartbeat.delete(patients[0] as Patient);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("who goes or comes during a turn disturbs nobody", () => {
    using heartbeat = new Heartbeat(1000);
    const others = Array.from({ length: 10 }, () => new Patient(heartbeat));
    const leaver = new Patient(heartbeat);
    const late = new Patient(heartbeat);
    leaver.ping = () => {
      heartbeat.delete(leaver);
      for (const other of others.slice(0, 5)) heartbeat.delete(other);
      heartbeat.add(late);
    };
    heartbeat.add(leaver);
    for (const other of others) heartbeat.add(other);
    vi.advanceTimersByTime(5000);
    expect(others.slice(5).every(({ pings }) => pings.length >= 3)).toBe(true);
    expect(others.slice(0, 5).every(({ pings }) => pings.length <= 1)).toBe(true);
    expect(late.pings.length).toBeGreaterThanOrEqual(2);
  });
});

describe("heartbeats on the wire", () => {
  test("an idle stream gets pings alone, all the same way", async () => {
    await using server = await startTopicServer({ heartbeatMs: 40 });
    using stream = await openStream(server.streamUrl("topic"));
    const start = performance.now();
    expect(kindsOf(await stream.first(6))).toEqual(["connected", "ping", "ping", "ping", "ping", "ping"]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(5 * 40 * 0.8);
  });

  test("a busy stream gets none, an idle one beside it does", async () => {
    await using server = await startTopicServer({ heartbeatMs: 400 });
    using busy = await openStream(server.streamUrl("busy"));
    using idle = await openStream(server.streamUrl("idle"));
    await Promise.all([busy.first(1), idle.first(1)]);
    let published = 0;
    while (!kindsOf(idle.frames).includes("ping")) {
      await server.publish("busy", {});
      published += 1;
      await busy.until(({ id }) => id?.endsWith(`:${published}`) ?? false);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(kindsOf(busy.frames).filter((kind) => kind !== "data")).toEqual(["connected"]);
    expect(published).toBeGreaterThan(5);
  });

  test("events a filter leaves out do not count: the stream is idle and gets its pings", async () => {
    await using server = await startTopicServer({ heartbeatMs: 60 });
    using stream = await openStream(server.streamUrl("topic", { types: ["wanted"] }));
    await stream.first(1);
    while (stream.frames.length < 4) {
      await server.publish("topic", { type: "unwanted" });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(kindsOf(stream.frames.slice(0, 4))).toEqual(["connected", "ping", "ping", "ping"]);
  });
});
