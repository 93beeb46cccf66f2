import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { watchJob } from "../support/collect.js";
import { scrape, type Metrics } from "../support/metrics.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

const dashboardSchema = z.object({
  panels: z.array(
    z.object({ id: z.number(), title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) }),
  ),
  templating: z.object({ list: z.array(z.object({ query: z.string() })) }),
});

/** What comes before a selector: `rate(name{…}[5m])`, or stands in `label_values(name, label)`. */
const metricInQuery = /([a-z_][a-z0-9_]*)\{|label_values\((\w+)/g;

let metrics: Metrics;
let queried: string[];
let documented: string[];

/** Those of Jobwire itself; Node and the process bring many more. */
const isOwn = (name: string) => /^(sse|redis)_/.test(name);

beforeAll(async () => {
  await using redis = await startRedis();
  await using server = await startProcess(process.execPath, serverProgram, {
    REDIS_URL: redis.url,
    JWT_SECRET: testSecret,
  });
  const clientOf = async (role: "user" | "service") =>
    createTestClient({ url: server.url, token: await signTestToken({ sub: role, role }) });
  const [user, service] = [await clientOf("user"), await clientOf("service")];
  const { id: jobId } = await user.jobs.create.mutate({});
  using stream = watchJob(user, { jobId });
  await stream.first(1);
  await service.jobs.transition.mutate({ jobId, to: "failed" });
  await stream.completed();
  metrics = await scrape(server.url);

  const dashboard = dashboardSchema.parse(JSON.parse(await readText("docs/grafana-dashboard.json")));
  const queries = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => query),
  ];
  queried = queries.flatMap((query) =>
    [...query.matchAll(metricInQuery)].map(([, selected, labelled]) => selected ?? labelled ?? ""),
  );
  documented = [...(await readText("docs/metrics.md")).matchAll(/^\| `(\w+)`/gm)].map(
    ([, name = ""]) => name,
  );
}, 60_000);

describe("the Grafana dashboard", () => {
  test("asks for metrics that the server has", () => {
    expect(queried.length).toBeGreaterThan(10);
    for (const name of queried) expect(metrics.sampleNames).toContain(name);
  });

  test("shows every metric of Jobwire, the lag of the event loop, CPU and memory", () => {
    const shown = new Set(queried.map((name) => name.replace(/_bucket$/, "")));
    for (const name of metrics.names.filter(isOwn)) expect([...shown]).toContain(name);
    for (const name of [
      "nodejs_eventloop_lag_p99_seconds",
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
    ])
      expect([...shown]).toContain(name);
  });
});

describe("docs/metrics.md", () => {
  test("lists every metric of Jobwire and no other", () => {
    expect(documented.filter(isOwn).toSorted()).toEqual(metrics.names.filter(isOwn).toSorted());
  });
});

describe("a server process", () => {
  test("says how late its event loop is and what it uses", () => {
    for (const name of [
      "nodejs_eventloop_lag_p99_seconds",
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "nodejs_heap_size_used_bytes",
    ])
      expect(metrics.value(name), name).toBeGreaterThan(0);
  });
});

function readText(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}
