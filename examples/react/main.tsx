/** Starts the page: `/?server=http://127.0.0.1:3000&job=<id>`. */
import { createJobwireClient } from "@jobwire/client";
import { createRoot } from "react-dom/client";
import { JobApp } from "./job-page.js";

const query = new URLSearchParams(location.search);
const client = createJobwireClient({
  url: query.get("server") ?? location.origin,
  // Asked before every attempt to connect: a token that has expired is replaced by itself.
  token: async () => (await fetch("/token")).text(),
});
createRoot(document.body.appendChild(document.createElement("div"))).render(
  <JobApp client={client} jobId={query.get("job") ?? ""} />,
);
