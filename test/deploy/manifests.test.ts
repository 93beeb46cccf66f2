import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { readConfig } from "@jobwire/server";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { scrape } from "../support/metrics.js";
import { startTestServer } from "../support/test-server.js";

// What cannot run in a test is held to what the code says.
const defaults = readConfig({});
/** A shutdown takes as long as the slower of the two, and closing takes a moment. */
const drainMs = Math.max(defaults.drainMs, defaults.tasks.drainMs) + 5000;
const read = (name: string) => readFile(new URL(`../../examples/deploy/${name}`, import.meta.url), "utf8");
const seconds = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => Number.parseInt(text, 10));
const environment = z.record(z.string(), z.string());

async function expectKnown(names: readonly string[]): Promise<void> {
  const documented = await readFile(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  for (const name of names) expect(documented, name).toContain(`\`${name}\``);
}

function expectDefaultDrain(env: z.output<typeof environment>): void {
  expect(env).toMatchObject({
    DRAIN_MS: String(defaults.drainMs),
    TASK_DRAIN_MS: String(defaults.tasks.drainMs),
  });
}

describe("compose.yaml", () => {
  const server = z.object({ stop_grace_period: seconds, environment, read_only: z.literal(true) });
  const schema = z.object({
    services: z.object({
      redis: z.object({ command: z.array(z.string()), volumes: z.tuple([z.string()]) }),
      "jobwire-1": server,
      "jobwire-2": server,
      nginx: z.object({ volumes: z.tuple([z.string()]) }),
    }),
    volumes: z.record(z.string(), z.null()),
  });

  test("gives both servers time to drain, and names no variable that there is not", async () => {
    const { services } = schema.parse(parse(await read("compose.yaml"), { merge: true }));
    for (const name of ["jobwire-1", "jobwire-2"] as const) {
      expect(services[name].stop_grace_period * 1000).toBeGreaterThanOrEqual(drainMs);
      expectDefaultDrain(services[name].environment);
      await expectKnown(Object.keys(services[name].environment));
      expect(() => readConfig({ ...services[name].environment, NODE_ENV: "production" })).not.toThrow();
    }
  });

  test("keeps Redis's data, and never lets it throw any away", async () => {
    const { services, volumes } = schema.parse(parse(await read("compose.yaml"), { merge: true }));
    const command = services.redis.command.join(" ");
    for (const option of ["--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"])
      expect(command).toContain(option);
    expect(Object.keys(volumes)).toEqual([services.redis.volumes[0].split(":")[0]]);
  });

  test("mounts the nginx.conf that is tested, which names its servers", async () => {
    const { services } = schema.parse(parse(await read("compose.yaml"), { merge: true }));
    expect(services.nginx.volumes[0]).toMatch(/^\.\/nginx\.conf:/);
    const named = [...(await read("nginx.conf")).matchAll(/server ([\w-]+):(\d+)/g)];
    expect(named.map(([, host]) => host)).toEqual(
      Object.keys(services).filter((name) => name.startsWith("jobwire-")),
    );
    expect(named.map(([, , port]) => Number(port))).toEqual([defaults.port, defaults.port]);
  });
});

test("nginx waits longer than a heartbeat takes", async () => {
  const [, timeout] = /proxy_read_timeout (\d+)s;/.exec(await read("nginx.conf")) ?? [];
  expect(Number(timeout) * 1000).toBeGreaterThan(2 * defaults.sse.heartbeatMs);
});

describe("kubernetes.yaml", () => {
  const labels = z.object({ app: z.string() });
  const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.literal("http") }) });
  const container = z.object({
    ports: z.tuple([z.object({ name: z.literal("http"), containerPort: z.number() })]),
    env: z.array(z.object({ name: z.string(), value: z.string() })),
    startupProbe: probe,
    livenessProbe: probe,
    readinessProbe: probe,
    lifecycle: z.object({
      preStop: z.object({ exec: z.object({ command: z.tuple([z.literal("sleep"), z.string()]) }) }),
    }),
    securityContext: z.object({
      allowPrivilegeEscalation: z.literal(false),
      readOnlyRootFilesystem: z.literal(true),
    }),
  });
  const manifests = {
    Deployment: z.object({
      spec: z.object({
        replicas: z.number().min(2),
        strategy: z.object({ rollingUpdate: z.object({ maxUnavailable: z.literal(0) }) }),
        template: z.object({
          metadata: z.object({ labels }),
          spec: z.object({
            terminationGracePeriodSeconds: z.number(),
            securityContext: z.object({ runAsNonRoot: z.literal(true) }),
            containers: z.tuple([container]),
          }),
        }),
      }),
    }),
    Service: z.object({ spec: z.object({ selector: labels }) }),
    PodDisruptionBudget: z.object({
      spec: z.object({ minAvailable: z.literal(1), selector: z.object({ matchLabels: labels }) }),
    }),
    HorizontalPodAutoscaler: z.object({
      spec: z.object({
        metrics: z.tuple([
          z.object({
            pods: z.object({
              metric: z.object({ name: z.string() }),
              target: z.object({ averageValue: z.string() }),
            }),
          }),
        ]),
      }),
    }),
    Ingress: z.object({ metadata: z.object({ annotations: environment }) }),
  };
  type Kind = keyof typeof manifests;

  async function manifest<Name extends Kind>(kind: Name): Promise<z.output<(typeof manifests)[Name]>> {
    const documents = parseAllDocuments(await read("kubernetes.yaml")).map(
      (document) => document.toJS() as unknown,
    );
    const found = documents.find(
      (document) => z.object({ kind: z.literal(kind) }).safeParse(document).success,
    );
    return manifests[kind].parse(found) as z.output<(typeof manifests)[Name]>;
  }

  async function pod() {
    const { template } = (await manifest("Deployment")).spec;
    const [only] = template.spec.containers;
    return { ...template.spec, labels: template.metadata.labels, container: only };
  }

  test("is YAML with these kinds, and no others", async () => {
    const documents = parseAllDocuments(await read("kubernetes.yaml"));
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    expect(documents.map((document) => document.get("kind"))).toEqual(Object.keys(manifests));
  });

  test("kills nobody who still drains", async () => {
    const {
      terminationGracePeriodSeconds,
      container: { lifecycle, env },
    } = await pod();
    const [, wait] = lifecycle.preStop.exec.command;
    expect(terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(Number(wait) * 1000 + drainMs);
    expectDefaultDrain(Object.fromEntries(env.map(({ name, value }) => [name, value])));
    await expectKnown(env.map(({ name }) => name));
  });

  test("asks where the server answers, and sends traffic to the same pods", async () => {
    await using server = await startTestServer();
    const {
      container: { ports, startupProbe, livenessProbe, readinessProbe },
      labels: own,
    } = await pod();
    expect(ports[0].containerPort).toBe(defaults.port);
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
      expect((await fetch(`${server.url}${httpGet.path}`)).status, httpGet.path).toBe(200);
    expect(livenessProbe.httpGet.path).not.toBe(readinessProbe.httpGet.path);
    expect((await manifest("Service")).spec.selector).toEqual(own);
    expect((await manifest("PodDisruptionBudget")).spec.selector.matchLabels).toEqual(own);
  });

  test("grows by a metric that there is, before a server is full", async () => {
    await using server = await startTestServer();
    const [
      {
        pods: { metric, target },
      },
    ] = (await manifest("HorizontalPodAutoscaler")).spec.metrics;
    expect((await scrape(server.url)).names).toContain(metric.name);
    expect(Number(target.averageValue)).toBe(defaults.sse.maxConnections / 2);
  });

  test("its proxy does not buffer, and waits longer than a heartbeat takes", async () => {
    const { annotations } = (await manifest("Ingress")).metadata;
    expect(annotations["nginx.ingress.kubernetes.io/proxy-buffering"]).toBe("off");
    const timeoutS = Number(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]);
    expect(timeoutS * 1000).toBeGreaterThan(2 * defaults.sse.heartbeatMs);
  });
});

describe("Dockerfile", () => {
  test("copies what there is, from stages that there are", async () => {
    const text = await read("Dockerfile");
    const stages = [...text.matchAll(/^FROM .* AS (\w+)$/gm)].map(([, name]) => name);
    expect(stages).toEqual(["manifests", "build", "modules"]);
    for (const [, from] of text.matchAll(/^COPY --from=(\w+)/gm)) expect(stages).toContain(from);
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = ""]) =>
      paths.split(" "),
    );
    expect(copied.length).toBeGreaterThan(8);
    for (const path of copied) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
  });

  test("runs as nobody special, answers for its health, and is stopped by the signal that drains", async () => {
    const text = (await read("Dockerfile")).replaceAll("\\\n", " ");
    const last = text.slice(text.lastIndexOf("\nFROM "));
    const order = [...last.matchAll(/^(\w+)/gm)].map(([, instruction]) => instruction);
    expect(order.indexOf("USER")).toBeLessThan(order.indexOf("CMD"));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(last).toMatch(/^HEALTHCHECK .* CMD \["node", .*\/healthz/m);
    expect(last).toMatch(new RegExp(`^ENV .*HOST=0\\.0\\.0\\.0 PORT=${defaults.port}$`, "m"));
    expect(last).toMatch(new RegExp(`^EXPOSE ${defaults.port}$`, "m"));
    expect(last).toMatch(/^CMD \["node", "server\/dist\/main\.js"\]$/m);
    expect(text).not.toMatch(/:latest|^ADD |^RUN (?:apt|curl|wget)|npm install/m);
  });
});

test("systemd waits for the drain, and starts the program of the package", async () => {
  const unit = await read("jobwire.service");
  const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";
  expect(Number(valueOf("TimeoutStopSec")) * 1000).toBeGreaterThanOrEqual(drainMs);
  expect(valueOf("KillMode")).toBe("mixed");
  expect(Number(valueOf("LimitNOFILE"))).toBeGreaterThan(defaults.sse.maxConnections);
  await expectKnown(
    valueOf("Environment")
      .split(" ")
      .map((pair) => pair.split("=")[0] ?? ""),
  );
  const manifest = await readFile(new URL("../../server/package.json", import.meta.url), "utf8");
  const { bin } = z.object({ bin: environment }).parse(JSON.parse(manifest));
  expect(valueOf("ExecStart").replace(/.*@jobwire\/server/, ".")).toBe(bin["jobwire-server"]);
});
