import { applySpoolEvent, spoolEventTypes, type Spool } from "@jobwire/shared";
import { expect, test } from "vitest";

const timestamp = new Date("2026-01-31T09:30:00.000Z");
const free: Spool = {
  tagSpool: "A",
  workerNombre: null,
  estadoDetalle: "cut",
  completed: false,
  updatedAt: new Date(0),
};
const held: Spool = { ...free, workerNombre: "Luis" };
const done: Spool = { ...held, completed: true };

/** Who has the spool after an event of Ana's, and whether it is completed; for each state before. */
const after = {
  TOMAR: { none: ["Ana", false], free: ["Ana", false], held: ["Ana", false], done: ["Ana", false] },
  PAUSAR: { none: [null, false], free: [null, false], held: [null, false], done: [null, false] },
  COMPLETAR: { none: ["Ana", true], free: ["Ana", true], held: ["Ana", true], done: ["Ana", true] },
  STATE_CHANGE: { none: ["Ana", false], free: ["Ana", false], held: ["Ana", false], done: ["Ana", true] },
} as const;

const before = { none: null, free, held, done };
const pairs = spoolEventTypes.flatMap((type) =>
  (["none", "free", "held", "done"] as const).map((state) => ({ type, state })),
);

test.each(pairs)("$type of a spool that was $state", ({ type, state }) => {
  const event = { type, tagSpool: "A", workerNombre: "Ana", estadoDetalle: "armed", timestamp };
  const [workerNombre, completed] = after[type][state];
  expect(applySpoolEvent(before[state], event)).toEqual({
    tagSpool: "A",
    workerNombre,
    estadoDetalle: "armed",
    completed,
    updatedAt: timestamp,
  });
});

test.each(pairs)("$type by nobody leaves a spool that was $state available, not completed", (pair) => {
  const event = {
    type: pair.type,
    tagSpool: "A",
    workerNombre: null,
    estadoDetalle: null,
    timestamp,
  };
  expect(applySpoolEvent(before[pair.state], event)).toMatchObject({ workerNombre: null, completed: false });
});
