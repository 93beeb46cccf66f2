/** Shows a new job, or that of `?job=`. With `?server=` of another origin, which `/token` gives a token for. */
import { createJobwireClient } from "@jobwire/client";
import { createRoot } from "react-dom/client";
import { JobApp } from "./job-page.js";

const query = new URLSearchParams(location.search);
const server = query.get("server");
// Where the page is from, its cookie says who asks.
const client = server
  ? createJobwireClient({
      url: server,
      // Asked before every attempt to connect: a token that has expired is replaced by itself.
      token: async () => (await fetch("/token")).text(),
    })
  : createJobwireClient({ url: location.origin });
const jobId =
  query.get("job") ?? (await client.trpc.jobs.create.mutate({ title: "Sample", pipeline: "sample" })).id;
createRoot(document.body.appendChild(document.createElement("div"))).render(
  <JobApp client={client} jobId={jobId} />,
);
