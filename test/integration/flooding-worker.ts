import { createJobwireClient } from "@jobwire/client";
import { createWorker, type StageFunction } from "@jobwire/client/worker";

/** A worker program whose jobs named `flood` write for ever, whatever their signal says. */
const { JOBWIRE_URL: url = "", JOBWIRE_TOKEN: token = "" } = process.env;
const done: StageFunction = () => {};
const flood: StageFunction = async ({ output }) => {
  for (;;) await output.write(`${"x".repeat(100)}\n`);
};

createWorker({
  client: createJobwireClient({ url, token }),
  concurrency: 2,
  pipelines: {
    flood: {
      open: ({ title }) => ({
        scaffold: done,
        code: title === "flood" ? flood : done,
        deps: done,
        checks: done,
      }),
    },
  },
});
