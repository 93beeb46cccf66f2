/** Creates a job, follows it to its end and prints its stages. */
import { createJobwireClient } from "@jobwire/client";

const { JOBWIRE_URL = "", JOBWIRE_TOKEN = "" } = process.env;
await using client = createJobwireClient({ url: JOBWIRE_URL, token: JOBWIRE_TOKEN });
const { id } = await client.trpc.jobs.create.mutate({ title: "From a service", pipeline: "greet" });
const statuses: string[] = [];
for await (const event of client.jobs.watch(id))
  if (event.type === "build.stage.started") statuses.push(event.status);
console.log(`followed ${statuses.join(" ")}`);
