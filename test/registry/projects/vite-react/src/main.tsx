/** Shows a job live: `/?server=http://127.0.0.1:3000&job=<id>#<token>`. */
import { createJobwireClient } from "@jobwire/client";
import { JobwireProvider, useJob } from "@jobwire/client/react";
import { createRoot } from "react-dom/client";

const query = new URLSearchParams(location.search);
const client = createJobwireClient({ url: query.get("server") ?? "", token: location.hash.slice(1) });
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <JobwireProvider client={client}>
      <JobStatus jobId={query.get("job") ?? ""} />
    </JobwireProvider>,
  );

function JobStatus({ jobId }: { readonly jobId: string }) {
  const { job } = useJob(jobId);
  return <p role="status">{job?.status ?? "loading"}</p>;
}
