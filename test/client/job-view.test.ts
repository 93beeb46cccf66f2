import { applyFeedEvent, applyJob, applyJobEvent, emptyJobView, type JobView } from "@jobwire/client";
import {
  applyToJob,
  jobStageLabels,
  jobTransitions,
  type Job,
  type JobEvent,
  type JobFeedEvent,
  type JobStatus,
  type JobStreamEvent,
} from "@jobwire/shared";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** What a server says of one job: its log, and the job as it was after each event. */
interface History {
  readonly events: readonly JobEvent[];
  readonly states: readonly Job[];
}

const jobId = "job-1";

describe("a job's view", () => {
  test("shows every stage with its duration, and the attempts of a retry", () => {
    const { events } = historyOf(["starting", "scaffold", "code", "deps", "checks", "scaffold", "failed"]);
    const view = viewOf(events);
    expect(view).toMatchObject({ status: "failed", stageLabel: "Build failed", attempt: 2 });
    expect(view.stages.map(({ stage, attempt, durationMs }) => [stage, attempt, durationMs])).toEqual([
      ["queued", 1, 1000],
      ["starting", 1, 1000],
      ["scaffold", 1, 1000],
      ["code", 1, 1000],
      ["deps", 1, 1000],
      ["checks", 1, 1000],
      ["scaffold", 2, 1000],
      ["failed", 2, null],
    ]);
  });

  test("keeps the newest picture, the newest text of each section, and the progress of the stage of now", () => {
    const timestamp = new Date(0);
    const about = { jobId, timestamp };
    const view = viewOf([
      ...historyOf(["starting", "scaffold"]).events,
      { type: "snapshot.updated", url: "https://example.com/1.png", ...about },
      { type: "snapshot.updated", url: "https://example.com/2.png", caption: "Home", ...about },
      { type: "documentation.updated", section: "a", title: "A", markdown: "1", ...about },
      { type: "documentation.updated", section: "b", title: "B", markdown: "2", ...about },
      { type: "documentation.updated", section: "a", title: "A", markdown: "3", ...about },
      { type: "build.progress", stage: "scaffold", percent: 40, ...about },
    ]);
    expect(view.picture).toEqual({
      url: "https://example.com/2.png",
      caption: "Home",
      width: null,
      height: null,
    });
    expect(view.documentation.map(({ section, markdown }) => section + markdown)).toEqual(["a3", "b2"]);
    expect(view.progress).toEqual({ stage: "scaffold", percent: 40, message: null });
  });

  test("has the progress of the stage of now from the job's state, where its event is no longer kept", () => {
    const { states } = historyOf(["starting", "scaffold"]);
    const said = { stage: "scaffold", percent: 40, message: "half of it" } as const;
    const job = applyToJob(states.at(-1) ?? null, {
      type: "build.progress",
      jobId,
      timestamp: new Date(0),
      ...said,
    });
    expect(applyJob(emptyJobView(jobId), job).progress).toEqual(said);
    const next = historyOf(["starting", "scaffold", "code"]).states.at(-1);
    expect(next && applyJob(emptyJobView(jobId), next).progress).toBeNull();
  });

  test("passes over a type that a newer server sends", () => {
    const view = viewOf(historyOf(["starting"]).events);
    const newer = {
      type: "build.cost",
      jobId,
      timestamp: new Date(),
      euros: 3,
    } as unknown as JobStreamEvent;
    expect(applyJobEvent(view, newer)).toBe(view);
    const views = new Map([[jobId, view]]);
    expect(applyFeedEvent(views, newer as JobFeedEvent)).toBe(views);
    const ofTheStream = { type: "stream.moved", timestamp: new Date() } as unknown as JobFeedEvent;
    expect(applyFeedEvent(views, ofTheStream)).toBe(views);
  });

  test("ends in the same state whatever part of the log a gap has taken", () => {
    fc.assert(
      fc.property(historyArbitrary, fc.nat(), fc.nat(), fc.nat(), (history, a, b, c) => {
        const { events, states } = history;
        const length = events.length + 1;
        // Seen up to `from`, missing up to `to`; the snapshot is of a later time.
        const [from = 0, to = 0, at = 0] = [a % length, b % length, c % length].toSorted((x, y) => x - y);
        const snapshot = states[Math.max(at, 1) - 1];
        if (!snapshot) throw new Error("There is no state without an event.");
        const gap: JobStreamEvent = {
          type: "stream.gap",
          jobId,
          timestamp: snapshot.updatedAt,
          reason: "trimmed",
          from: "x:1",
          to: "x:2",
          snapshot,
        };
        const whole = viewOf(events);
        const broken = viewOf([...events.slice(0, from), gap, ...events.slice(Math.max(to, 1))]);
        const { status, stageLabel, message, attempt } = whole;
        expect(broken).toMatchObject({ status, stageLabel, message, attempt });
        expect(broken.gaps).toHaveLength(1);
        // What is listed is true: each stage listed is one of the whole job's, with its attempt.
        const known = whole.stages.map(
          (stage) => `${stage.stage} ${stage.attempt} ${stage.startedAt.getTime()}`,
        );
        for (const { stage, attempt: of, startedAt } of broken.stages) {
          expect(known).toContain(`${stage} ${of} ${startedAt.getTime()}`);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test("a feed's views are those of its jobs, and a gap brings each job of its snapshot up to date", () => {
  const { events, states } = historyOf(["starting", "scaffold"]);
  let views: ReadonlyMap<string, JobView> = new Map();
  for (const event of events) {
    views = applyFeedEvent(views, event);
    views = applyFeedEvent(views, { ...event, jobId: "job-2" });
  }
  expect([...views.keys()]).toEqual([jobId, "job-2"]);
  expect(views.get("job-2")).toEqual({ ...viewOf(events), jobId: "job-2" });
  const [first] = states;
  if (!first) throw new Error("There is a first state.");
  const timestamp = new Date();
  const snapshot = [{ ...first, id: "job-3" }];
  views = applyFeedEvent(views, {
    type: "stream.gap",
    timestamp,
    reason: "log-lost",
    from: "x:1",
    to: "y:0",
    snapshot,
  });
  expect(views.get("job-3")).toMatchObject({
    status: "queued",
    job: snapshot[0],
    gaps: [{ reason: "log-lost" }],
  });
  expect(views.get(jobId)?.gaps).toEqual([]);
});

function viewOf(events: readonly JobStreamEvent[]): JobView {
  return events.reduce(applyJobEvent, emptyJobView(jobId));
}

/** A walk through the transitions, one second apart. */
function historyOf(path: readonly JobStatus[]): History {
  const events: JobEvent[] = [startedOf("queued", 0)];
  let job = events.reduce(applyToJob, newJob);
  const states = [job];
  for (const [index, status] of path.entries()) {
    const atMs = (index + 1) * 1000;
    const timestamp = new Date(atMs);
    const both: JobEvent[] = [
      { type: "build.stage.completed", jobId, timestamp, ...stageOf(job.status), durationMs: 1000 },
      startedOf(status, atMs),
    ];
    job = both.reduce(applyToJob, job);
    // Both events of a transition are one step: the state is that after it.
    events.push(...both);
    states.push(job, job);
  }
  return { events, states };
}

const historyArbitrary = fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).map((choices) => {
  const path: JobStatus[] = [];
  let status: JobStatus = "queued";
  for (const choice of choices) {
    // Mostly on and round: `failed` would end most histories before a retry.
    const ways: readonly JobStatus[] = jobTransitions[status].filter(
      (to) => to !== "failed" || choice % 10 === 0,
    );
    const next = ways[choice % ways.length];
    if (!next) break;
    status = next;
    path.push(status);
  }
  return historyOf(path);
});

const newJob: Job = {
  id: jobId,
  ownerId: "alice",
  status: "queued",
  stageLabel: jobStageLabels.queued,
  title: "Shop",
  pipeline: null,
  project: null,
  message: "",
  metadata: {},
  attempt: 1,
  workerId: null,
  leaseExpiresAt: null,
  outcome: null,
  stages: [],
  runAt: null,
  rerunOf: null,
  rerunAs: null,
  waitingFor: null,
  queuePosition: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};

function startedOf(status: JobStatus, atMs: number): JobEvent {
  return {
    type: "build.stage.started",
    jobId,
    timestamp: new Date(atMs),
    ...stageOf(status),
    message: `${status} at ${atMs}`,
  };
}

function stageOf(status: JobStatus) {
  return { stage: status, stageLabel: jobStageLabels[status], status };
}
