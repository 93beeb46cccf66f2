"use client";

import { JobwireProvider, useJob } from "@jobwire/client/react";
import { createJobwireClient } from "@jobwire/client";
import { useEffect, useState } from "react";

export interface LiveStatusProps {
  readonly jobId: string;
  /** What the server knew when it rendered the page. */
  readonly message: string;
}

/** What the server has rendered, until the browser has a stream. The browser sends its cookie `jobwire_token`. */
export function LiveStatus(props: LiveStatusProps) {
  const [client, setClient] = useState<ReturnType<typeof createJobwireClient> | null>(null);
  useEffect(() => {
    const made = createJobwireClient({ url: location.origin });
    setClient(made);
    return () => made.close();
  }, []);
  if (!client) return <p role="status">{props.message}</p>;
  return (
    <JobwireProvider client={client}>
      <Status {...props} />
    </JobwireProvider>
  );
}

function Status({ jobId, message }: LiveStatusProps) {
  const { job } = useJob(jobId);
  return <p role="status">{job?.message ?? message}</p>;
}
