import type { JobwireTrpc } from "@jobwire/client";
import { jobCourse, type OutputPiece } from "@jobwire/shared";
import type { Shop } from "./shop.js";

export interface DrivenJob {
  readonly id: string;
  readonly owner: JobwireTrpc;
  readonly service: JobwireTrpc;
  /** Passes all stages up to this one. */
  to(stage: (typeof jobCourse)[number]): Promise<void>;
  fail(message: string): Promise<void>;
  write(text: string, piece?: Partial<OutputPiece>): Promise<void>;
  progress(percents: readonly number[]): Promise<void>;
  document(markdown: string, section?: string): Promise<void>;
}

/** A job that a test drives from outside. */
export async function driveJob(shop: Shop, sub: string, title: string): Promise<DrivenJob> {
  const owner = (await shop.client(sub)).trpc;
  const service = (await shop.client("robot", "service")).trpc;
  const { id: jobId } = await owner.jobs.create.mutate({ title });
  let passed = 0;
  const stage = () => jobCourse[Math.max(0, passed - 1)] ?? "starting";
  return {
    id: jobId,
    owner,
    service,
    async to(wanted) {
      while (jobCourse[passed - 1] !== wanted) {
        const to = jobCourse[passed];
        if (!to) throw new Error(`The job is past ${wanted}.`);
        await service.jobs.transition.mutate({ jobId, to });
        passed += 1;
      }
    },
    async fail(message) {
      await service.jobs.transition.mutate({ jobId, to: "failed", message });
    },
    async write(text, piece = {}) {
      const pieces = [{ stage: stage(), attempt: 1, stream: "stdout" as const, text, ...piece }];
      await service.work.write.mutate({ jobId, pieces });
    },
    async progress(percents) {
      const events = percents.map((percent) => ({
        type: "build.progress" as const,
        stage: stage(),
        percent,
        message: `at ${percent} percent`,
      }));
      await service.jobs.publish.mutate({ jobId, events });
    },
    async document(markdown, section = "readme") {
      const event = { type: "documentation.updated", section, title: "Notes", markdown } as const;
      await service.jobs.publish.mutate({ jobId, event });
    },
  };
}
