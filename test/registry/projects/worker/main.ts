/** Works on the pipeline `greet` until it is told to stop. */
import { createJobwireClient } from "@jobwire/client";
import { createWorker } from "@jobwire/client/worker";

const { JOBWIRE_URL = "", JOBWIRE_TOKEN = "" } = process.env;
const nothing = async () => {};
await using worker = createWorker({
  client: createJobwireClient({ url: JOBWIRE_URL, token: JOBWIRE_TOKEN }),
  pipelines: {
    greet: {
      open: (job) => ({
        scaffold: nothing,
        code: (context) => context.output.write(`Hello, ${job.title}.\n`),
        deps: nothing,
        checks: nothing,
      }),
    },
  },
});
console.log("working");
await new Promise((resolve) => process.once("SIGTERM", resolve));
