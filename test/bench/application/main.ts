import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createJobwireClient } from "@jobwire/client";
import { Redis } from "ioredis";
import { startRedis } from "../../support/redis-server.js";
import { serverSource, startProcess, type ServerProcess } from "../../support/server-process.js";
import { signTestToken, testSecret } from "../../support/test-server.js";
import { SseClients } from "./sse-clients.js";

const help = `Usage: npm run bench:application -- [options]

Measures what whole servers cost: a broadcast to sessions, queued jobs that nobody takes, streams of an own topic beside
those of a job and those over several topics, events that are written together, and tokens that are piped beside tokens that are committed one by one.

Options:
  --sessions <number>  how many sessions a broadcast is for (3000)
  --jobs <number>      how many jobs are queued (10000)
  --streams <number>   how many streams follow one topic, or three (1000)
  --tokens <number>    how many tokens are piped to 10 readers (2000)
  -h, --help           show this
`;

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "3000" },
    jobs: { type: "string", default: "10000" },
    streams: { type: "string", default: "1000" },
    tokens: { type: "string", default: "2000" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) console.log(help);
else await measure();

async function measure(): Promise<void> {
  await using redis = await startRedis();
  const admin = new Redis(redis.url);
  try {
    await measureBroadcast(redis.url, admin, Number(values.sessions));
    await measureQueuedJobs(Number(values.jobs));
    await measurePaced(redis.url, Number(values.streams));
    await measureCoalescing(redis.url, Number(values.streams));
    await measurePipe(redis.url, Number(values.tokens));
  } finally {
    admin.disconnect();
  }
}

async function measureBroadcast(redisUrl: string, admin: Redis, sessions: number): Promise<void> {
  await using server = await startApplication(redisUrl);
  using clients = new SseClients();
  const token = await signTestToken({ sub: "alice", role: "user" });
  const service = createJobwireClient({
    url: server.url,
    token: await signTestToken({ sub: "robot", role: "service" }),
  });
  for (let index = 0; index < sessions; index++)
    await clients.open(`${server.url}/api/sse/stream?request_id=s${index}`, {
      authorization: `Bearer ${token}`,
    });
  await delay(1000);
  const rounds = 10;
  const [commands, cpu] = [await commandsOf(admin), await cpuOf(server)];
  for (let round = 0; round < rounds; round++) {
    const arrived = clients.more(sessions);
    const { delivered } = await service.trpc.sessions.send.mutate({ name: "hello", data: { round } });
    if (delivered !== sessions) throw new Error(`It was for ${delivered} sessions, not ${sessions}.`);
    await arrived;
  }
  const perBroadcast = ((await commandsOf(admin)) - commands - 1) / rounds;
  const micros = (((await cpuOf(server)) - cpu) * 1e6) / rounds / sessions;
  console.log(
    `broadcast to ${sessions} sessions: ${perBroadcast.toFixed(1)} Redis commands (with those of idle upkeep), ${micros.toFixed(1)} us of server CPU for each session`,
  );
}

/** On a Redis of its own: nothing of the sessions before is to be cleared away meanwhile. */
async function measureQueuedJobs(jobs: number): Promise<void> {
  await using redis = await startRedis();
  await using server = await startApplication(redis.url);
  const admin = new Redis(redis.url);
  const alice = createJobwireClient({
    url: server.url,
    token: await signTestToken({ sub: "alice", role: "user" }),
  });
  for (let index = 0; index < jobs; index += 50)
    await Promise.all(
      Array.from({ length: 50 }, () => alice.trpc.jobs.create.mutate({ pipeline: "nobody-offers-it" })),
    );
  // Each is looked at once, a minute after it was queued.
  await delay(75_000);
  const seconds = 20;
  const [commands, cpu] = [await commandsOf(admin), await cpuOf(server)];
  await delay(seconds * 1000);
  const perSecond = ((await commandsOf(admin)) - commands - 1) / seconds;
  const share = (((await cpuOf(server)) - cpu) / seconds) * 100;
  admin.disconnect();
  console.log(
    `idle server with ${jobs} queued jobs: ${perSecond.toFixed(1)} Redis commands/s, ${share.toFixed(2)} % of a core`,
  );
}

async function measurePaced(redisUrl: string, streams: number): Promise<void> {
  const answers = ["a", "b", "c"];
  const cost = async (path: string, publishing: string) => {
    await using server = await startTopicServer(redisUrl);
    using clients = new SseClients();
    await call(server, `/jobs?answers=a&count=0&rate=1`);
    for (let index = 0; index < streams; index++) await clients.open(`${server.url}${path}`);
    const events = 500;
    const run = async () => {
      const arrived = clients.more(events * streams);
      await call(server, `${publishing}&count=${events}&rate=100`);
      await arrived;
    };
    await run();
    const before = await topicCpuOf(server);
    await run();
    return ((await topicCpuOf(server)) - before) / events / streams;
  };
  const job = await cost("/job?answers=a", "/jobs?answers=a");
  const single = await cost("/single?answers=a", "/paced?answers=a");
  const merged = await cost(`/merged?answers=${answers.join(",")}`, `/paced?answers=${answers.join(",")}`);
  const ratio = (one: number, other: number) => (one / other).toFixed(2);
  console.log(
    `paced, ${streams} streams: ${single.toFixed(2)} us of CPU for each delivery of an own topic, ${job.toFixed(2)} us of a job, ratio ${ratio(single, job)}`,
  );
  console.log(
    `paced, ${streams} streams: ${merged.toFixed(2)} us of CPU for each delivery of three own topics, ratio to one ${ratio(merged, single)}`,
  );
}

/** 50 events a second: what a span in which events are written together saves, and what it costs in latency. */
async function measureCoalescing(redisUrl: string, streams: number): Promise<void> {
  for (const coalesceMs of [0, 5, 20, 50]) {
    await using server = await startTopicServer(redisUrl, { COALESCE_MS: String(coalesceMs) });
    using clients = new SseClients();
    for (let index = 0; index < streams; index++) await clients.open(`${server.url}/single?answers=a`);
    const events = 250;
    const run = async () => {
      const arrived = clients.more(events * streams);
      await call(server, `/paced?answers=a&count=${events}&rate=50`);
      await arrived;
    };
    await run();
    clients.latencies.length = 0;
    const before = await topicCpuOf(server);
    await run();
    const cost = ((await topicCpuOf(server)) - before) / events / streams;
    const sorted = clients.latencies.toSorted((one, other) => one - other);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    console.log(
      `paced, ${streams} streams, written together for ${coalesceMs} ms: ${cost.toFixed(2)} us of CPU for each delivery, latency p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    );
  }
}

async function measurePipe(redisUrl: string, tokens: number): Promise<void> {
  const readers = 10;
  const cost = async (how: "paced" | "piped" | "untaken") => {
    await using server = await startTopicServer(redisUrl);
    using clients = new SseClients();
    for (let index = 0; index < readers; index++) await clients.open(`${server.url}/single?answers=a`);
    const run = async (count: number) => {
      const arrived = how === "untaken" ? undefined : clients.more(count * readers);
      await call(server, `/${how}?answers=a&count=${count}&rate=200`);
      await arrived;
    };
    await run(200);
    const before = await topicCpuOf(server);
    await run(tokens);
    return ((await topicCpuOf(server)) - before) / tokens;
  };
  const [single, piped, untaken] = [await cost("paced"), await cost("piped"), await cost("untaken")];
  const ratio = piped / single;
  const ratioOfRest = (piped - untaken) / (single - untaken);
  console.log(
    `${tokens} tokens at 200/s to ${readers} readers: ${single.toFixed(0)} us of server CPU for each token in a commit of its own, ${piped.toFixed(0)} us piped, ratio ${ratio.toFixed(2)}; ${untaken.toFixed(0)} us for tokens that nobody takes, without these ${ratioOfRest.toFixed(2)}`,
  );
}

function startApplication(redisUrl: string): Promise<ServerProcess> {
  return startProcess(process.execPath, serverSource, {
    REDIS_URL: redisUrl,
    JWT_SECRET: testSecret,
    METRICS_TOKEN: testSecret,
    SESSIONS_MAX_PER_USER: "100000",
    JOBS_MAX_OPEN_PER_USER: "1000000",
    SSE_MAX_CONNECTIONS_PER_USER: "100000",
    DRAIN_MS: "0",
  });
}

function startTopicServer(redisUrl: string, env: Record<string, string> = {}): Promise<ServerProcess> {
  const program = [
    "--conditions=@jobwire/source",
    "--import",
    "tsx",
    "test/bench/application/topic-server.ts",
  ];
  return startProcess(process.execPath, program, { REDIS_URL: redisUrl, ...env });
}

/** Seconds. */
async function cpuOf({ url }: ServerProcess): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${testSecret}` } });
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(await answer.text())?.[1]);
}

/** Microseconds. */
async function topicCpuOf(server: ServerProcess): Promise<number> {
  const { user, system } = (await call(server, "/cpu")) as NodeJS.CpuUsage;
  return user + system;
}

async function call({ url }: ServerProcess, path: string): Promise<unknown> {
  return (await fetch(url + path)).json();
}

async function commandsOf(admin: Redis): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await admin.info("stats"))?.[1]);
}
