/**
 * TanStack Query with Jobwire: the feed keeps the query's data current, however many components read it; calls are
 * mutations, and need not invalidate what the feed tells.
 */
import type { JobwireClient } from "@jobwire/client";
import { jobFeedQueryOptions } from "@jobwire/client/tanstack-query";
import { QueryClient, QueryClientProvider, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

export interface JobListAppProps {
  readonly client: JobwireClient;
}

export function JobListApp({ client }: JobListAppProps) {
  const [queryClient] = useState(() => new QueryClient());
  return (
    <QueryClientProvider client={queryClient}>
      <JobList client={client} />
      <NewJob client={client} />
    </QueryClientProvider>
  );
}

function JobList({ client }: JobListAppProps) {
  const { data: jobs, error } = useQuery(jobFeedQueryOptions(client));
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <ul>
      {jobs?.map(({ jobId, job, message }) => (
        <li key={jobId}>
          {job?.title ?? jobId}: {message}
        </li>
      ))}
    </ul>
  );
}

function NewJob({ client }: JobListAppProps) {
  const { mutate, isPending, error } = useMutation({
    mutationFn: (title: string) => client.trpc.jobs.create.mutate({ title, pipeline: "sample" }),
  });
  return (
    <form
      action={(form) => {
        const title = form.get("title");
        if (typeof title === "string") mutate(title);
      }}
    >
      <input name="title" aria-label="Title" required maxLength={200} />
      <input type="submit" value="New job" disabled={isPending} />
      {error && <p role="alert">{error.message}</p>}
    </form>
  );
}
