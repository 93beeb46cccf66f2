import type { JobwireClient } from "@jobwire/client";
import type { JobStatus } from "@jobwire/shared";

/** Jobs in all kinds of states, driven from outside. */
export async function createSampleJobs(alice: JobwireClient, robot: JobwireClient): Promise<void> {
  for (const { title, until, activity, percent, failure } of samples) {
    const { id: jobId } = await alice.trpc.jobs.create.mutate({ title });
    for (const to of course.slice(1, course.indexOf(until) + 1)) {
      await robot.trpc.jobs.transition.mutate({ jobId, to });
    }
    if (activity !== undefined) {
      const event = {
        type: "build.progress",
        stage: until,
        percent: percent ?? 0,
        message: activity,
      } as const;
      await robot.trpc.jobs.publish.mutate({ jobId, event });
    }
    if (failure !== undefined) {
      await robot.trpc.jobs.transition.mutate({ jobId, to: "failed", message: failure });
    }
  }
}

const course = ["queued", "starting", "scaffold", "code", "deps", "checks", "ready"] as const;

interface Sample {
  readonly title: string;
  readonly until: (typeof course)[number] & JobStatus;
  readonly activity?: string;
  readonly percent?: number;
  readonly failure?: string;
}

const samples: readonly Sample[] = [
  { title: "Tide tables", until: "ready" },
  { title: "Berth planner", until: "checks", failure: "src/plan.ts(41,7): error TS2322: not a number" },
  { title: "Weather mast", until: "ready" },
  { title: "Customs forms", until: "queued" },
  { title: "Crane telemetry", until: "code", activity: "src/telemetry/load-cell.ts", percent: 60 },
  { title: "Pilot handbook", until: "ready" },
  { title: "Ferry timetable", until: "deps", activity: "added 214 packages", percent: 50 },
];
