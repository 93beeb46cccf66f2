import {
  canTransition,
  formatCursor,
  isTerminalJobStatus,
  jobEventSchema,
  jobEventTypes,
  jobStageLabels,
  jobStatuses,
  jobTransitions,
  parseCursor,
  publishableJobEventSchema,
  readJobEvent,
  readSessionEvent,
  readSpoolEvent,
  terminalJobStatuses,
  trpcCodeOf,
} from "@jobwire/shared";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ZodError } from "zod";

describe("the transition table", () => {
  test("has a row and a label for each of the nine statuses", () => {
    expect(jobStatuses).toHaveLength(9);
    expect(new Set(jobStatuses).size).toBe(9);
    expect(Object.keys(jobTransitions).toSorted()).toEqual([...jobStatuses].toSorted());
    expect(Object.keys(jobStageLabels).toSorted()).toEqual([...jobStatuses].toSorted());
  });

  test("allows exactly the fifteen of eighty-one pairs that the requirements name", () => {
    const allowed = jobStatuses.flatMap((from) =>
      jobStatuses.filter((to) => canTransition(from, to)).map((to) => `${from} -> ${to}`),
    );
    expect(allowed.toSorted()).toEqual(
      [
        "queued -> starting",
        "queued -> scheduled",
        "queued -> failed",
        "starting -> scaffold",
        "starting -> failed",
        "scaffold -> code",
        "scaffold -> failed",
        "code -> deps",
        "code -> failed",
        "deps -> checks",
        "deps -> failed",
        "checks -> ready",
        "checks -> scaffold",
        "checks -> failed",
        "scheduled -> queued",
      ].toSorted(),
    );
  });

  test("ends in ready and failed, and only there", () => {
    expect(jobStatuses.filter(isTerminalJobStatus)).toEqual([...terminalJobStatuses]);
  });

  test("leads from every status to both ends, unless it is one", () => {
    for (const start of jobStatuses) {
      const reached = new Set([start]);
      for (const status of reached) for (const next of jobTransitions[status]) reached.add(next);
      if (!isTerminalJobStatus(start)) for (const end of terminalJobStatuses) expect(reached).toContain(end);
    }
  });
});

describe("cursors", () => {
  const epoch = fc.stringMatching(/^[0-9a-z]{1,32}$/);
  const offset = fc.nat({ max: 999_999_999_999_999 });

  test("are read as they were written", () => {
    fc.assert(
      fc.property(epoch, offset, (someEpoch, someOffset) => {
        const cursor = { epoch: someEpoch, offset: someOffset };
        expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
      }),
    );
  });

  test("any other text is none, and one text is one cursor", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cursor = parseCursor(text);
        expect(cursor === null || formatCursor(cursor) === text).toBe(true);
      }),
    );
    const none = [
      "",
      ":",
      "a",
      "a:",
      ":1",
      "a:-1",
      "a:+1",
      "a:01",
      "a:1.0",
      "a:1e3",
      "A:1",
      "a:1:2",
      " a:1",
      "a:1\n",
      "é:1",
    ];
    for (const text of none) expect(parseCursor(text), JSON.stringify(text)).toBeNull();
    expect(parseCursor(`${"a".repeat(33)}:1`)).toBeNull();
    expect(parseCursor("a:9999999999999999")).toBeNull(); // beyond what a number holds exactly
  });
});

describe("readJobEvent", () => {
  const timestamp = "2026-01-31T09:30:00.000Z";
  const progress = { type: "build.progress", jobId: "1", timestamp, stage: "code", percent: 50 };

  test("makes a Date of the timestamp, from text and from a Date", () => {
    const expected = { ...progress, timestamp: new Date(timestamp) };
    expect(readJobEvent(progress)).toEqual(expected);
    expect(readJobEvent(expected)).toEqual(expected);
    expect(readJobEvent(JSON.parse(JSON.stringify(expected)))).toEqual(expected);
  });

  test("passes an event of a type it does not know through, whole", () => {
    const event = {
      type: "build.deployed",
      jobId: "1",
      timestamp,
      url: "https://shop.example",
      nested: { a: [1] },
    };
    expect(readJobEvent(event)).toEqual({ type: "unknown", originalType: "build.deployed", event });
    expect(readJobEvent({ type: "unknown" })).toMatchObject({ type: "unknown", originalType: "unknown" });
    expect(readJobEvent({ type: "__proto__" })).toMatchObject({ type: "unknown", originalType: "__proto__" });
  });

  test("knows the gap of each plain stream, with its snapshot", () => {
    const gap = { type: "stream.gap", timestamp, reason: "trimmed", from: "a:1", to: "a:9" };
    const spool = { tagSpool: "S-1", workerNombre: null, estadoDetalle: null, completed: false };
    const board = [{ ...spool, updatedAt: timestamp }];
    expect(readSpoolEvent({ ...gap, snapshot: board })).toMatchObject({
      type: "stream.gap",
      snapshot: [{ ...spool, updatedAt: new Date(timestamp) }],
    });
    const snapshot = { version: { version: "2.0.0", changelog: null, pending: true }, tasks: [] };
    expect(readSessionEvent({ ...gap, snapshot })).toMatchObject({ type: "stream.gap", snapshot });
    expect(() => readJobEvent({ ...gap, jobId: "1", snapshot })).toThrow(ZodError);
  });

  test("knows the types that are told apart by more than the type", () => {
    const completed = { type: "task.completed", taskId: "1", timestamp, kind: "prune-jobs" };
    expect(readSessionEvent({ ...completed, result: { jobs: 3 } })).toMatchObject({ result: { jobs: 3 } });
    expect(() => readSessionEvent({ ...completed, result: {} })).toThrow(ZodError);
  });

  test("takes a known event with fields that are new", () => {
    expect(readJobEvent({ ...progress, etaMs: 1000 })).toMatchObject({ type: "build.progress", percent: 50 });
  });

  test.each([
    ["null", null],
    ["text", "build.progress"],
    ["a list", [progress]],
    ["an object without a type", { jobId: "1" }],
    ["a type that is no text", { ...progress, type: 7 }],
    ["a known event with a wrong field", { ...progress, percent: "50" }],
    ["a known event without a timestamp", { ...progress, timestamp: undefined }],
    ["a timestamp without a zone", { ...progress, timestamp: "2026-01-31T09:30:00" }],
    ["an event nested under data", { type: "build.progress", data: progress }],
  ])("throws at %s", (_, value) => {
    expect(() => readJobEvent(value)).toThrow(ZodError);
  });
});

describe("the event types", () => {
  test("are listed as the schema has them", () => {
    const inSchema = jobEventSchema.options.map(({ shape }) => shape.type.value);
    expect([...jobEventTypes]).toEqual(inSchema);
  });

  test("that can be published are those that no transition makes", () => {
    const publishable = publishableJobEventSchema.options.map(({ shape }) => shape.type.value);
    expect(publishable).toEqual(jobEventTypes.filter((type) => !type.startsWith("build.stage.")));
  });
});

test("every reason of a refusal has a code", () => {
  for (const [reason, code] of Object.entries(trpcCodeOf)) {
    expect(reason).toMatch(/^[A-Z_]+$/);
    expect(code).toMatch(/^[A-Z_]+$/);
  }
});
