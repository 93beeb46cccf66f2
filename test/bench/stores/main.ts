import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { openFileStore } from "../../../server/src/store/file-store.js";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { openRedisStore } from "../../../server/src/store/redis-store.js";
import type { Store } from "../../../server/src/store/store.js";
import { startRedis } from "../../support/redis-server.js";

const help = `Usage: npm run bench:stores -- [options]

Commits to each store: a state that is listed and due, and one event of 300 bytes; each caller on a topic of its own,
and then all on one. All stores in one run, in the order of the table, twice; the better run counts.

Options:
  --commits <number>  how many for each row (20000)
  --callers <number>  how many at a time (64)
  -h, --help          show this
`;

const { values } = parseArgs({
  options: {
    commits: { type: "string", default: "20000" },
    callers: { type: "string", default: "64" },
    help: { type: "boolean", short: "h" },
  },
});

interface Row {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Of this process, for each commit. */
  readonly cpuMicros: number;
  readonly redisMicros: number | undefined;
}

const retention = { maxEvents: 1000 };
const body = "x".repeat(300);

if (values.help) console.log(help);
else await measure(Number(values.commits), Number(values.callers));

async function measure(commits: number, callers: number): Promise<void> {
  await using redis = await startRedis();
  const admin = new Redis(redis.url);
  const folder = await mkdtemp(join(tmpdir(), "jobwire-bench-"));
  const stores: Record<string, () => Promise<Store>> = {
    memory: async () => openMemoryStore(retention),
    "file, synced": () => openFileStore({ ...retention, folder, onReachable: () => {} }),
    "Redis, AOF synced each second": () => openOnRedis(redis.url, admin, "everysec"),
    "Redis, AOF synced each time": () => openOnRedis(redis.url, admin, "always"),
  };
  try {
    console.log("| store | topics | commits/s | median | p99 | CPU for each | CPU of Redis for each |");
    console.log("|---|---|---|---|---|---|---|");
    for (const topics of [callers, 1])
      for (const [name, open] of Object.entries(stores)) {
        const rows = [
          await run(open, { commits, callers, topics, admin }),
          await run(open, { commits, callers, topics, admin }),
        ];
        const [row] = rows.toSorted((one, other) => other.perSecond - one.perSecond);
        if (row) console.log(textOf(name, topics, row));
      }
  } finally {
    admin.disconnect();
    await rm(folder, { recursive: true });
  }
}

async function openOnRedis(url: string, admin: Redis, sync: string): Promise<Store> {
  await admin.config("SET", "appendonly", "yes");
  await admin.config("SET", "appendfsync", sync);
  return openRedisStore({ ...retention, url, onReachable: () => {}, onWarning: () => {} });
}

interface Load {
  readonly commits: number;
  readonly callers: number;
  readonly topics: number;
  readonly admin: Redis;
}

async function run(open: () => Promise<Store>, { commits, callers, topics, admin }: Load): Promise<Row> {
  await using store = await open();
  let left = commits;
  const tookMs: number[] = [];
  const commitOn = async (caller: number) => {
    while (left-- > 0) {
      const name = `topic ${caller % topics}`;
      const startedAt = performance.now();
      await store.commit({
        scope: "bench",
        state: { key: name, set: { body, left: String(left) }, index: "all", due: left },
        events: [{ topic: name, type: "event", body }],
      });
      tookMs.push(performance.now() - startedAt);
    }
  };
  const [before, redisBefore, startedAt] = [process.cpuUsage(), await cpuOf(admin), performance.now()];
  await Promise.all(Array.from({ length: callers }, (_, caller) => commitOn(caller)));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(before);
  const redisSeconds = (await cpuOf(admin)) - redisBefore;
  tookMs.sort((one, other) => one - other);
  return {
    perSecond: commits / seconds,
    medianMs: tookMs[Math.floor(commits / 2)] ?? NaN,
    p99Ms: tookMs[Math.floor(commits * 0.99)] ?? NaN,
    cpuMicros: (user + system) / commits,
    // Less is its own upkeep, in a run that does not ask it.
    redisMicros: redisSeconds > 0.05 ? (redisSeconds * 1e6) / commits : undefined,
  };
}

async function cpuOf(admin: Redis): Promise<number> {
  const info = await admin.info("cpu");
  return ["user", "sys"].reduce(
    (sum, kind) => sum + Number(new RegExp(`used_cpu_${kind}:(\\S+)`).exec(info)?.[1] ?? NaN),
    0,
  );
}

function textOf(name: string, topics: number, row: Row): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const redis = row.redisMicros === undefined ? "" : `${row.redisMicros.toFixed(0)} us`;
  return `| ${name} | ${topics} | ${row.perSecond.toFixed(0)} | ${ms(row.medianMs)} | ${ms(row.p99Ms)} | ${row.cpuMicros.toFixed(0)} us | ${redis} |`;
}
