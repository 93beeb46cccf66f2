/**
 * TanStack Query with Jobwire: a query fetches the list once, and one subscription keeps its cache current, however
 * many components read it.
 */
import { sseLink } from "@jobwire/client";
import type { AppRouter } from "@jobwire/server";
import type { JobFeedEvent, JobPage } from "@jobwire/shared";
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpLink, splitLink } from "@trpc/client";
import { createTRPCContext, useSubscription } from "@trpc/tanstack-react-query";
import { useState } from "react";
import superjson from "superjson";

const { TRPCProvider, useTRPC } = createTRPCContext<AppRouter>();

export interface JobListAppProps {
  /** Without `/trpc`. */
  readonly url: string;
  readonly token: () => string;
}

export function JobListApp({ url, token }: JobListAppProps) {
  const [queryClient] = useState(() => new QueryClient());
  const [trpcClient] = useState(() => createClient(`${url}/trpc`, token));
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <JobList />
      </TRPCProvider>
    </QueryClientProvider>
  );
}

function createClient(url: string, token: () => string) {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: sseLink({ url, token, transformer: superjson }),
        false: httpLink({
          url,
          transformer: superjson,
          headers: () => ({ authorization: `Bearer ${token()}` }),
        }),
      }),
    ],
  });
}

function JobList() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { data: page, error } = useQuery(trpc.jobs.list.queryOptions({}));
  useSubscription(
    trpc.jobs.feed.subscriptionOptions(
      { types: ["build.stage.started"] },
      {
        onData: ({ data: event }) => {
          const queryKey = trpc.jobs.list.queryKey({});
          const cached = queryClient.getQueryData(queryKey);
          const updated = cached && applyFeedEvent(cached, event);
          if (updated) queryClient.setQueryData(queryKey, updated);
          // A job that is not on the page: a new one.
          else void queryClient.invalidateQueries({ queryKey });
        },
      },
    ),
  );
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <ul>
      {page?.items.map(({ id, title, message }) => (
        <li key={id}>
          {title ?? id}: {message}
        </li>
      ))}
    </ul>
  );
}

/** The page after the event; `null` when it says nothing of the event's job. */
function applyFeedEvent(page: JobPage, event: JobFeedEvent): JobPage | null {
  if (event.type === "stream.gap") return { ...page, items: event.snapshot };
  if (event.type !== "build.stage.started") return page;
  const { jobId, status, stageLabel, message, timestamp } = event;
  const known = page.items.find(({ id }) => id === jobId);
  if (!known) return null;
  // The page was fetched after this event was made.
  if (timestamp < known.updatedAt) return page;
  const changed = { ...known, status, stageLabel, message, updatedAt: timestamp };
  return { ...page, items: page.items.map((job) => (job === known ? changed : job)) };
}
