import type { JobView } from "@jobwire/client";

/** What people call it. */
export function nameOfJob({ jobId, job }: JobView): string {
  return job?.title ?? job?.project ?? `Job ${jobId.slice(-8)}`;
}
