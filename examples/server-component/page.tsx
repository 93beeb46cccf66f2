/**
 * A server component as Next.js has them: `app/jobs/[jobId]/page.tsx`. The server fetches the job, so that the first
 * paint has it; the client component goes on from there.
 */
import { createJobwireClient } from "@jobwire/client";
import { JobwireProvider } from "@jobwire/client/react";
import { LiveStatus } from "./live-status.js";

export interface JobPageProps {
  readonly params: Promise<{ readonly jobId: string }>;
}

export default async function JobPage({ params }: JobPageProps) {
  const { jobId } = await params;
  await using jobwire = createJobwireClient({
    url: process.env["JOBWIRE_URL"] ?? "http://127.0.0.1:3000",
    // In an application: the token of whoever asks, from `cookies()` of next/headers.
    token: process.env["JOBWIRE_TOKEN"] ?? "",
  });
  const job = await jobwire.trpc.jobs.get.query({ jobId });
  return (
    <main>
      <h1>{job.title ?? "Untitled"}</h1>
      {/* In the browser Jobwire is where the page is from, which sends the cookie `jobwire_token`. */}
      <JobwireProvider>
        <LiveStatus job={job} />
      </JobwireProvider>
    </main>
  );
}
