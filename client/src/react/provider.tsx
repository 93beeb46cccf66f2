import { createContext, useContext, useMemo, type ReactNode } from "react";
import type { JobwireClient, JobwireTrpc } from "../create-client.js";
import { createJobwireStreams, type JobwireStreams } from "./jobwire-streams.js";

export interface JobwireProviderProps {
  /** What `createJobwireClient` makes, or `{ trpc }` with any tRPC client of a Jobwire server. Another one begins anew. */
  readonly client: Pick<JobwireClient, "trpc">;
  readonly children?: ReactNode;
}

/** Gives the hooks below it their client. Nothing is opened until a component watches something. */
export function JobwireProvider({ client: { trpc }, children }: JobwireProviderProps) {
  const jobwire = useMemo(() => ({ trpc, streams: createJobwireStreams(trpc) }), [trpc]);
  return <JobwireContext value={jobwire}>{children}</JobwireContext>;
}

/** The client of the provider above, for calls. */
export function useJobwireTrpc(): JobwireTrpc {
  return useJobwire().trpc;
}

export function useJobwireStreams(): JobwireStreams {
  return useJobwire().streams;
}

interface Jobwire {
  readonly trpc: JobwireTrpc;
  readonly streams: JobwireStreams;
}

const JobwireContext = createContext<Jobwire | null>(null);

function useJobwire(): Jobwire {
  const jobwire = useContext(JobwireContext);
  if (!jobwire) throw new Error("Jobwire's hooks need a <JobwireProvider client={...}> above them.");
  return jobwire;
}
