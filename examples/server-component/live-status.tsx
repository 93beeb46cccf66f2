"use client";

import { useJob } from "@jobwire/client/react";
import type { Job } from "@jobwire/shared";

/** What the server has rendered, and in the browser what becomes of it. */
export function LiveStatus({ job: initialJob }: { readonly job: Job }) {
  const { job, status } = useJob(initialJob.id, { initialJob });
  return (
    <p role="status" data-connection={status}>
      {job.message}
    </p>
  );
}
