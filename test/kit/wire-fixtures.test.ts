import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { createJobwireClient } from "@jobwire/client";
import { collect, startTestServer, type TestServer } from "@jobwire/client/testing";
import "@jobwire/client/testing/vitest";
import type { JobStatus } from "@jobwire/shared";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordWire, untilEvent } from "./record-wire.js";

const folder = new URL("../../client/fixtures/wire/", import.meta.url);
const recorded = new Set<string>();

/** Compares with the file that is checked in; `npx vitest run test/kit -u` writes it. */
async function expectFixture(name: string, text: string): Promise<void> {
  recorded.add(name);
  await expect(text).toMatchFileSnapshot(new URL(name, folder).pathname);
}

/** The longest recorded job has as many. */
const maxEvents = 16;

const inputOf = (input: object) => `?input=${encodeURIComponent(JSON.stringify(input))}`;

describe("the recorded streams are what the server sends:", () => {
  let server: TestServer;
  let token: string;
  let serviceToken: string;
  beforeAll(async () => {
    server = await startTestServer({ HISTORY_MAX_EVENTS: String(maxEvents) });
    token = await server.token("alice");
    serviceToken = await server.token("worker", "service");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const service = () => server.client(serviceToken).trpc;
  const createJob = async (title: string) =>
    (await server.client(token).trpc.jobs.create.mutate({ title })).id;

  async function finishedJob(): Promise<string> {
    const jobId = await createJob("Shop");
    const move = (...path: readonly JobStatus[]) => transitions(jobId, path);
    await move("starting", "scaffold", "code");
    await service().jobs.publish.mutate({
      jobId,
      event: { type: "build.progress", stage: "code", percent: 40, message: "2 of 5 pages" },
    });
    await service().jobs.publish.mutate({
      jobId,
      event: {
        type: "snapshot.updated",
        url: "https://example.com/1.png",
        caption: "Start page",
        width: 800,
      },
    });
    await service().jobs.publish.mutate({
      jobId,
      event: {
        type: "documentation.updated",
        section: "readme",
        title: "Readme",
        markdown: "# Größe\n\n✔ done",
      },
    });
    await move("deps", "checks", "ready");
    return jobId;
  }

  async function transitions(jobId: string, path: readonly JobStatus[]): Promise<void> {
    for (const to of path) await service().jobs.transition.mutate({ jobId, to });
  }

  test("a job from beginning to end", async () => {
    const jobId = await finishedJob();
    await expectFixture(
      "job.trpc.sse",
      await recordWire(`${server.url}/trpc/jobs.events${inputOf({ jobId })}`, token),
    );
    await expectFixture(
      "job.plain.sse",
      await recordWire(`${server.url}/api/jobs/${jobId}/events/stream`, token),
    );
  });

  test("a gap, and the events that are left", async () => {
    const jobId = await createJob("Shop");
    const publish = async (percent: number) =>
      service().jobs.publish.mutate({ jobId, event: { type: "build.progress", stage: "queued", percent } });
    const { id: lastEventId } = await publish(0);
    for (let percent = 1; percent <= maxEvents; percent++) await publish(percent);
    await transitions(jobId, ["failed"]);
    await expectFixture(
      "gap.trpc.sse",
      await recordWire(`${server.url}/trpc/jobs.events${inputOf({ jobId })}`, token, { lastEventId }),
    );
    await expectFixture(
      "gap.plain.sse",
      await recordWire(`${server.url}/api/jobs/${jobId}/events/stream`, token, { lastEventId }),
    );
  });

  test("a feed", async () => {
    const carol = await server.token("carol");
    const { trpc } = server.client(carol);
    await trpc.jobs.create.mutate({ title: "One" });
    await trpc.jobs.create.mutate({ title: "Two" });
    await expectFixture(
      "feed.trpc.sse",
      await recordWire(`${server.url}/trpc/jobs.feed`, carol, { until: untilEvent(2) }),
    );
  });

  test("the spool board", async () => {
    const { spools } = server.client(token).trpc;
    const spool = { tagSpool: "MK-1342", workerNombre: "Ana" };
    await service().spools.register.mutate({ tagSpool: "MK-1342", estadoDetalle: "En cola" });
    await spools.tomar.mutate(spool);
    await spools.changeState.mutate({ tagSpool: "MK-1342", estadoDetalle: "Soldando" });
    await spools.completar.mutate({ ...spool, additionalData: { seam: "7" } });
    await spools.pausar.mutate(spool);
    const until = untilEvent(5);
    await expectFixture(
      "spools.trpc.sse",
      await recordWire(`${server.url}/trpc/spools.updates`, token, { until }),
    );
    await expectFixture(
      "spools.plain.sse",
      await recordWire(`${server.url}/api/spools/stream`, token, { until }),
    );
  });

  test.each([
    ["trpc", `/trpc/sessions.events${inputOf({ requestId: "tab-trpc" })}`],
    ["plain", "/api/sse/stream?request_id=tab-plain"],
  ])(
    "a session: a version, a message, a task, and a connection that takes its place (%s)",
    async (form, path) => {
      const requestId = `tab-${form}`;
      const { trpc } = server.client(token);
      const jobId = await createJob("Shop");
      await service().versions.announce.mutate({ version: "1.4.0", changelog: "Faster search" });
      const other = new AbortController();
      const sendAndStart = async () => {
        await service().sessions.send.mutate({ requestId, name: "toast", data: { text: "Größe ✔" } });
        await trpc.tasks.start.mutate({ kind: "export-events", input: { jobId } });
      };
      const takeOver = () =>
        trpc.sessions.events.subscribe({ requestId }, { signal: other.signal, onData() {} });
      const reactions = [
        [/"version.announced"/, sendAndStart],
        [/"task.completed"/, takeOver],
      ] as const;
      const text = await recordWire(server.url + path, token, { reactions });
      other.abort();
      await expectFixture(`session.${form}.sse`, text);
    },
  );

  test("a nudge for workers", async () => {
    const url = `${server.url}/trpc/work.watch${inputOf({ pipeline: "fixture" })}`;
    const create = () => server.client(token).trpc.jobs.create.mutate({ pipeline: "fixture" });
    await expectFixture(
      "work.trpc.sse",
      await recordWire(url, serviceToken, {
        until: untilEvent(1),
        reactions: [[/event: connected/, create]],
      }),
    );
  });

  test("an error", async () => {
    const url = `${server.url}/trpc/jobs.events${inputOf({ jobId: "none" })}`;
    await expectFixture("error.trpc.sse", await recordWire(url, token));
  });
});

test("the recorded heartbeats are what the server sends", async () => {
  await using server = await startTestServer({ SSE_HEARTBEAT_MS: "20" });
  const token = await server.token("alice");
  await expectFixture(
    "heartbeat.trpc.sse",
    await recordWire(`${server.url}/trpc/jobs.feed`, token, { until: /^[^]*?event: ping\ndata: \n\n/ }),
  );
  await expectFixture(
    "heartbeat.plain.sse",
    await recordWire(`${server.url}/api/spools/stream`, token, {
      until: /^[^]*?event: heartbeat\ndata: \{\}\n\n/,
    }),
  );
});

test("every recorded stream is still recorded", async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sse"));
  expect(names.filter((name) => !recorded.has(name))).toEqual([]);
});

test("the client reads a recorded stream", async () => {
  const bytes = await readFile(new URL("job.trpc.sse", folder));
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/event-stream");
    response.end(bytes);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await using client = createJobwireClient({ url: `http://127.0.0.1:${port}`, token: "none" });
  using stream = collect(client.jobs.watch("id-1"));
  await stream.completed();
  expect(stream).toHaveContiguousIds();
  expect(stream).toEndWith({ type: "build.stage.started", stage: "ready", jobId: "id-1" });
  server.close();
});
