import { parseArgs } from "node:util";
import { createJobwireClient } from "@jobwire/client";
import { readConfig, startServer } from "@jobwire/server";
import { buildDashboard } from "../../e2e/support/built-dashboard.js";
import { invite } from "../../e2e/support/visitor.js";
import { findChromium, launchChromium } from "../../sse/support/chromium.js";
import { signTestToken, testSecret } from "../../support/test-server.js";
import { measureFirstLoad } from "./first-load.js";
import { measureJobPage } from "./job-page.js";
import { measureList } from "./list.js";

const help = `Usage: npm run bench:dashboard -- [options]

Measures the page in Chromium: how much script it loads at first, how soon a job is on the screen, and how long the list of
jobs is not to be spoken to while events come in.

Options:
  --jobs <number>     how many jobs the list has (5000)
  --rate <number>     events per second (200)
  --seconds <number>  for so long (15)
  --events <number>   how many events the job has that is opened (1000)
  --lines <number>    and how many lines of output (100000)
  -h, --help          show this
`;

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "5000" },
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "15" },
    events: { type: "string", default: "1000" },
    lines: { type: "string", default: "100000" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) console.log(help);
else await measure();

async function measure(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("This measures in chromium, which is not on the PATH.");
  await using dashboard = await buildDashboard();
  const config = readConfig({
    PORT: "0",
    LOG_LEVEL: "silent",
    JWT_SECRET: testSecret,
    JOBS_MAX_OPEN_PER_USER: "1000000",
    OUTPUT_MAX_BYTES: "67108864",
  });
  await using server = await startServer(config, { dashboard: dashboard.folder });
  const { url } = server;
  const clientOf = async (sub: string, role: "user" | "service") =>
    createJobwireClient({ url, token: await signTestToken({ sub, role }) }).trpc;
  const site = { url, alice: await clientOf("alice", "user"), robot: await clientOf("robot", "service") };

  const browser = await launchChromium(executablePath);
  try {
    await using visitor = await invite(browser, url, { sub: "alice" });
    // Functions that are sent to the page were compiled here, with a helper that keeps their names.
    await visitor.context.addInitScript("globalThis.__name = (value) => value");
    console.log(await measureFirstLoad(dashboard.folder));
    const size = { events: Number(values.events), lines: Number(values.lines) };
    console.log(await measureJobPage({ browser, ...site }, size));
    const load = {
      jobs: Number(values.jobs),
      rate: Number(values.rate),
      seconds: Number(values.seconds),
    };
    console.log(await measureList(visitor, site, load));
  } finally {
    await browser.close();
  }
}
