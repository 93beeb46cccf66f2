import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPrograms } from "../build.js";
import { Child } from "../processes/child.js";
import type { LoadCalls } from "../processes/load-process.js";
import { startRedis } from "../processes/redis.js";
import { markdownText } from "../report/table.js";
import { fanIn } from "./fan-in.js";
import type { Goal, Part } from "./finding.js";
import { jobs } from "./jobs.js";
import { processes } from "./processes.js";
import { sizing } from "./sizing.js";
import { streams } from "./streams.js";

const parts: readonly Part[] = [streams, processes, jobs, fanIn, sizing];

const help = `Usage: npm run bench:scale -- [options]

Measures how the whole application and its Redis grow: many streams, several processes, many jobs, many publishers, and
what everything takes in Redis. On Linux, with a redis-server on the PATH.

Options:
  --only <part>  only this part; may be repeated
  --profile      also CPU profiles of the streams' servers, in .bench/profiles/
  -h, --help     show this

Parts:
${parts.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join("\n")}

The exit code is 1 when an event was lost or came twice.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    profile: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});

if (values.help) console.log(help);
else await measure(chosen(values.only));

function chosen(names: readonly string[] | undefined): readonly Part[] {
  const unknown = names?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(
      `There is no part ${unknown.join(", ")}. There are: ${parts.map(({ name }) => name).join(", ")}.`,
    );
  return parts.filter(({ name }) => names?.includes(name) ?? true);
}

async function measure(wanted: readonly Part[]): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const directory = fileURLToPath(new URL("../../../.bench", import.meta.url));
  const profiles = join(directory, "profiles");
  await mkdir(profiles, { recursive: true });
  const programs = await buildPrograms(join(directory, "build"));
  const redis = await startRedis();
  if (!redis) throw new Error("There is no redis-server on the PATH.");
  await using _redis = redis;
  await using load = new Child<LoadCalls>(programs.load);
  const bench = {
    isQuick: false,
    programs,
    load,
    redis,
    profiles: values.profile ? { directory: profiles, name: "" } : null,
  };
  for (const { name, title, measure: measurePart } of wanted) {
    const startedAt = performance.now();
    const { tables, goals, lost, doubled } = await measurePart(bench);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    console.log(`\n${name}: ${title} (${seconds} s, ${lost} lost, ${doubled} doubled)`);
    for (const table of tables) console.log(`\n${markdownText(table)}`);
    for (const goal of goals) console.log(`\n  ${verdictOn(goal)}`);
    if (lost + doubled > 0) process.exitCode = 1;
  }
}

function verdictOn({ what, value, atMost = Infinity, atLeast = -Infinity }: Goal): string {
  const isReached = value <= atMost && value >= atLeast;
  const bound = atMost === Infinity ? `at least ${atLeast}` : `at most ${atMost}`;
  return `${isReached ? "reached" : "missed"}: ${what}: ${value.toFixed(2)}, ${bound}`;
}
