import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { watchFeed } from "../support/collect.js";
import { JobwireProcess } from "../faults/support/jobwire-process.js";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { signToken } from "../faults/support/token.js";
import { createSelfSigned } from "../sse/support/self-signed.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { freePort } from "../support/redis-server.js";
import { createTestClient } from "../support/test-client.js";

/** A server trusts what Node trusts: NODE_EXTRA_CA_CERTS is read when a process starts, so each has one of its own. */

const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`over TLS${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let directory: string;
  let tlsOptions: string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "jobwire-tls-"));
    const { key, cert } = createSelfSigned();
    await writeFile(join(directory, "key.pem"), key);
    await writeFile(join(directory, "cert.pem"), cert);
    tlsOptions = [
      "--tls-cert-file",
      join(directory, "cert.pem"),
      "--tls-key-file",
      join(directory, "key.pem"),
      "--tls-ca-cert-file",
      join(directory, "cert.pem"),
      "--tls-auth-clients",
      "no",
    ];
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("a server works with one Redis", async () => {
    const port = await freePort();
    await using _redis = await RedisProcess.start(["--tls-port", `${port}`, ...tlsOptions]);
    await expectWorking(`rediss://localhost:${port}`);
  });

  test("a server works with a Cluster", async () => {
    await using cluster = await RedisCluster.start(tlsOptions);
    await expectWorking(cluster.url);
  });

  async function expectWorking(url: string): Promise<void> {
    const trust = { NODE_EXTRA_CA_CERTS: join(directory, "cert.pem") };
    await using server = await JobwireProcess.start({ REDIS_URL: url, ...trust });
    const client = createTestClient({ url: server.url, token: await signToken("alice", "user") });
    using feed = watchFeed(client);
    const { id } = await client.jobs.create.mutate({});
    await feed.until((event) => "jobId" in event && event.jobId === id);
    expect(server.defects()).toEqual([]);
  }
});
