import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { createJobDisplay } from "@jobwire/client/terminal";
import { jobStageLabels, type JobStatus, type JobStreamEvent } from "@jobwire/shared";
import { expect, test } from "vitest";

/** A terminal as far as a display looks at it, and everything that was written to it. */
function openTerminal(columns: number) {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const terminal = Object.assign(stream, { isTTY: true, columns }) as unknown as NodeJS.WriteStream;
  return {
    terminal,
    written: () => written,
    /** What is left on the screen: everything since the display last began anew at its first line. */
    screen: () => {
      const lines = stripVTControlCharacters(written.slice(written.lastIndexOf("\u001b[?7h")));
      return lines.split(/[\r\n]+/).filter((line) => line.trim() !== "");
    },
  };
}

const envelope = { jobId: "1", timestamp: new Date() };

function started(stage: JobStatus, message = jobStageLabels[stage]): JobStreamEvent {
  const stageLabel = jobStageLabels[stage];
  return { type: "build.stage.started", ...envelope, stage, status: stage, stageLabel, message };
}

function completed(stage: JobStatus): JobStreamEvent {
  const stageLabel = jobStageLabels[stage];
  return {
    type: "build.stage.completed",
    ...envelope,
    stage,
    status: stage,
    stageLabel,
    durationMs: 2500,
  };
}

function progress(stage: JobStatus, percent: number, message: string): JobStreamEvent {
  return { type: "build.progress", ...envelope, stage, percent, message };
}

test("on a terminal each stage has a line with its bar; the one a job fails in is marked", () => {
  const { terminal, screen } = openTerminal(100);
  {
    using display = createJobDisplay(terminal);
    for (const event of [
      started("queued"),
      completed("queued"),
      started("starting"),
      progress("starting", 40, "2 of 5"),
      completed("starting"),
      started("failed", "no disk"),
    ])
      display.show(event);
  }
  expect(screen()).toEqual([
    expect.stringMatching(/^✔ Queued {17} █{20} 100% {4}2\.5 s$/),
    expect.stringMatching(/^✖ Starting {15} █{8}░{12} {2}40% {4}2\.5 s {2}2 of 5$/),
  ]);
});

test("a retried stage has a line for each attempt", () => {
  const { terminal, screen } = openTerminal(100);
  {
    using display = createJobDisplay(terminal);
    const stages = ["scaffold", "code", "deps", "checks", "scaffold"] as const;
    for (const [index, stage] of stages.entries()) {
      display.show(started(stage));
      if (index < stages.length - 1) display.show(completed(stage));
    }
  }
  expect(screen().map((line) => line.slice(0, 8))).toEqual([
    "✔ Scaffo",
    "✔ Writin",
    "✔ Instal",
    "✔ Runnin",
    "› Scaffo",
  ]);
});

test("no line is wider than the terminal, and what others wrote is no command to it", () => {
  const { terminal, screen, written } = openTerminal(80);
  {
    using display = createJobDisplay(terminal);
    display.show(started("queued"));
    display.show(progress("queued", 50, `\u001b[2J${"wide ".repeat(40)}\nsecond line`));
  }
  const [line = ""] = screen();
  expect(line.length).toBeLessThanOrEqual(80);
  expect(line).toContain("wide wide");
  expect(written()).not.toContain("\u001b[2J");
  expect(written()).not.toContain("second line");
});

test("the cursor is there again afterwards, and so it is when nothing was shown", () => {
  const busy = openTerminal(80);
  {
    using display = createJobDisplay(busy.terminal);
    display.show(started("queued"));
  }
  expect(busy.written().lastIndexOf("\u001b[?25h")).toBeGreaterThan(
    busy.written().lastIndexOf("\u001b[?25l"),
  );
  const idle = openTerminal(80);
  {
    using _display = createJobDisplay(idle.terminal);
  }
  expect(idle.written()).toBe("");
});

test("a notice is written above the lines, which stay whole", () => {
  const { terminal, written, screen } = openTerminal(100);
  {
    using display = createJobDisplay(terminal);
    display.show(started("queued"));
    display.notice("The stream is broken. Connecting again...\n");
    display.show(completed("queued"));
    display.show(started("starting"));
    display.notice("Connected.\n");
  }
  const lines = stripVTControlCharacters(written()).split(/[\r\n]+/);
  expect(
    lines.filter((line) => line.startsWith("The stream is broken. Connecting again...")).length,
  ).toBeGreaterThan(0);
  expect(screen().slice(-2)).toEqual([
    expect.stringMatching(/^✔ Queued .*100% +2\.5 s/),
    expect.stringMatching(/^› Starting /),
  ]);
});
