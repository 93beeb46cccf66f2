"use client";

import { createContext, useContext, useMemo, type ReactNode } from "react";
import { createJobwireClient, type JobwireClient, type JobwireTrpc } from "../create-client.js";
import { streamsOf, type JobwireStreams } from "../live/jobwire-streams.js";

/** Of the two, a server component can only write the second: functions do not travel to the browser. */
export type JobwireProviderProps = { readonly children?: ReactNode } & (ProvidedClient | ProvidedAddress);

interface ProvidedClient {
  /** What `createJobwireClient` makes, or `{ trpc }` with any tRPC client of a Jobwire server. Another one begins anew. */
  readonly client: Pick<JobwireClient, "trpc">;
}

interface ProvidedAddress {
  readonly client?: undefined;
  /** Where the server is, without `/trpc`. Left out: where the page is from. The browser's cookie says who asks. */
  readonly url?: string;
  /** As in `createJobwireClient`: names the user whose tabs share their streams. */
  readonly shareAs?: string;
}

/** Gives the hooks below it their client. Nothing is opened until a component watches something. */
export function JobwireProvider({ children, ...props }: JobwireProviderProps) {
  const given = props.client?.trpc;
  const { url, shareAs }: ProvidedAddress = props.client ? {} : props;
  const trpc = useMemo(() => given ?? clientOf(url, shareAs), [given, url, shareAs]);
  const jobwire = useMemo(() => ({ trpc, streams: streamsOf(trpc) }), [trpc]);
  return <JobwireContext value={jobwire}>{children}</JobwireContext>;
}

/** The client of the provider above, for calls. */
export function useJobwireTrpc(): JobwireTrpc {
  return useJobwire().trpc;
}

export function useJobwireStreams(): JobwireStreams {
  return useJobwire().streams;
}

/** It holds nothing when no stream is open, so it needs no end. */
function clientOf(url = "", shareAs: string | undefined): JobwireTrpc {
  return createJobwireClient({ url, ...(shareAs !== undefined && { shareAs }) }).trpc;
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
