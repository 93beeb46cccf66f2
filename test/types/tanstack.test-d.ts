import type { JobView, JobwireClient } from "@jobwire/client";
import type { StreamError } from "@jobwire/client/react";
import { jobsCollectionOptions } from "@jobwire/client/tanstack-db";
import { jobFeedQueryOptions, jobQueryOptions } from "@jobwire/client/tanstack-query";
import { createCollection, eq, useLiveQuery } from "@tanstack/react-db";
import { useQuery, useSuspenseQuery, type QueryClient } from "@tanstack/react-query";
import { expectTypeOf, test } from "vitest";

declare const client: JobwireClient;
declare const queries: QueryClient;

test("a query knows its data, its error and what its key leads to", () => {
  const one = () => useQuery(jobQueryOptions(client, "a"));
  expectTypeOf<ReturnType<typeof one>["data"]>().toEqualTypeOf<JobView | undefined>();
  expectTypeOf<ReturnType<typeof one>["error"]>().toEqualTypeOf<StreamError | null>();
  const all = () => useSuspenseQuery(jobFeedQueryOptions(client)).data;
  expectTypeOf(all).returns.toEqualTypeOf<readonly JobView[]>();
  const percent = () =>
    useQuery({ ...jobQueryOptions(client, "a"), select: ({ progress }) => progress?.percent });
  expectTypeOf<ReturnType<typeof percent>["data"]>().toEqualTypeOf<number | undefined>();
  const cached = () => queries.getQueryData(jobQueryOptions(client, "a").queryKey);
  expectTypeOf(cached).returns.toEqualTypeOf<JobView | undefined>();
  // @ts-expect-error a job has an id
  jobQueryOptions(client);
});

test("rows of the collection are jobs, and its tools are known", () => {
  const open = () => createCollection(jobsCollectionOptions(client));
  expectTypeOf<ReturnType<typeof open>["utils"]["loadMore"]>().returns.toEqualTypeOf<boolean>();
  const rows = () =>
    useLiveQuery((query) => query.from({ job: open() }).select(({ job }) => ({ of: job.message })));
  expectTypeOf<ReturnType<typeof rows>["data"][number]["of"]>().toEqualTypeOf<string>();
  const wrong = () => {
    // @ts-expect-error no such field
    useLiveQuery((query) => query.from({ job: open() }).where(({ job }) => eq(job.none, "a")));
  };
  expectTypeOf(wrong).toBeFunction();
});
