import { readJobEvent } from "@jobwire/shared";
import { expect, test, vi } from "vitest";
import { watchJob } from "../support/collect.js";
import { refusalOf, type TestClient } from "../support/test-client.js";
import { endOf } from "../support/tasks.js";
import { describeOnEachStore, type Caller } from "../support/test-server.js";

const patience = { timeout: 20_000, interval: 50 };

async function exportJob(client: TestClient, jobId: string) {
  const task = await client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
  const ended = await endOf(client, task);
  if (ended.kind !== "export-events" || !ended.result) throw new Error(`No export: ${JSON.stringify(ended)}`);
  return ended.result;
}

function download(url: string, token?: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers } });
}

describeOnEachStore("exports of a job's events", (store) => {
  async function publish(service: Caller, jobId: string, markdown: readonly string[]): Promise<void> {
    for (const text of markdown) {
      const event = { type: "documentation.updated", section: "s", title: "t", markdown: text } as const;
      await service.client.jobs.publish.mutate({ jobId, event });
    }
  }

  test("hold exactly the events of the job's stream, with their ids, once each and in order", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({ title: "Über\nall" });
    // Several pages of the log and several pieces of the export, text that needs escaping, and text of many bytes.
    const texts = Array.from({ length: 120 }, (_, number) => `${number} "quoted" \u2028 ✓ \n`.repeat(300));
    await publish(service, jobId, [...texts, "half a pair \ud800", "x".repeat(200_000)]);
    await service.client.jobs.transition.mutate({ jobId, to: "failed", message: "the end" });
    const result = await exportJob(alice.client, jobId);

    const response = await download(`${server.url}${result.url}`, alice.token);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="job-${jobId}.ndjson"`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get("content-length")).toBe(String(bytes.length));
    expect(bytes.length).toBe(result.bytes);
    const text = bytes.toString("utf8");
    expect(text.endsWith("\n")).toBe(true);
    const lines = text.slice(0, -1).split("\n");

    using stream = watchJob(alice.client, { jobId });
    const events = await stream.completed();
    expect(lines).toHaveLength(result.events);
    expect(lines.map((line) => readJobEvent(JSON.parse(line)))).toEqual(events);
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(stream.ids);
    const plain = await fetch(`${server.url}/api/jobs/${jobId}/events/stream`, {
      headers: { authorization: `Bearer ${alice.token}` },
    });
    const datas = (await plain.text()).split("\n").filter((line) => line.startsWith('data: {"type"'));
    expect(lines.map((line) => line.replace(/^\{"id":"[^"]+",/, "data: {"))).toEqual(datas);
  });

  test("do not change when the job goes on, is trimmed or is gone", async () => {
    await using server = await store.start({ HISTORY_MAX_EVENTS: "4" });
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await publish(service, jobId, ["1", "2", "3", "4", "5"]);
    const result = await exportJob(alice.client, jobId);
    const read = async () => (await download(`${server.url}${result.url}`, alice.token)).text();
    const text = await read();
    expect(text.match(/"markdown":"\d"/g)).toEqual(["2", "3", "4", "5"].map((one) => `"markdown":"${one}"`));
    expect(result.events).toBe(4);
    await publish(service, jobId, ["6", "7", "8"]);
    expect(await read()).toBe(text);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const pruning = await alice.client.tasks.start.mutate({
      kind: "prune-jobs",
      input: { finishedBeforeDays: 0 },
    });
    expect(await endOf(alice.client, pruning)).toMatchObject({ result: { jobs: 1 } });
    expect((await refusalOf(alice.client.jobs.get.query({ jobId }))).reason).toBe("JOB_NOT_FOUND");
    expect(await read()).toBe(text);
  });

  test("of a job that is unknown or somebody else's are refused; services export any", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    for (const [{ client }, id] of [
      [bob, jobId],
      [bob, "unknown"],
      [service, "unknown"],
    ] as const) {
      const call = client.tasks.start.mutate({ kind: "export-events", input: { jobId: id } });
      expect(await refusalOf(call)).toMatchObject({ code: "NOT_FOUND", reason: "JOB_NOT_FOUND" });
      expect((await client.tasks.list.query()).items).toEqual([]);
    }
    expect(await exportJob(service.client, jobId)).toMatchObject({ events: 1 });
  });

  test("are downloaded by whoever may see the task, and by nobody else", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const own = `${server.url}${(await exportJob(alice.client, jobId)).url}`;
    const byService = `${server.url}${(await exportJob(service.client, jobId)).url}`;
    const unknown = `${server.url}/api/tasks/unknown/export`;
    const statusOf = async (url: string, token?: string, headers?: Record<string, string>) =>
      (await download(url, token, headers)).status;
    expect(await statusOf(own, alice.token)).toBe(200);
    expect(await statusOf(own, undefined, { cookie: `jobwire_token=${alice.token}` })).toBe(200);
    expect(await statusOf(own, service.token)).toBe(200);
    expect(await statusOf(own)).toBe(401);
    expect(await statusOf(own, "nonsense")).toBe(401);
    const foreign = await download(own, bob.token);
    expect(foreign.status).toBe(404);
    const answer = (await foreign.text()).replace(/"[0-9a-f-]{36}\\?"/, '"unknown\\"');
    expect(answer).toBe(await (await download(unknown, bob.token)).text());
    expect(await statusOf(byService, service.token)).toBe(200);
    // The job is hers, the export is not: it may have been made of any job.
    expect(await statusOf(byService, alice.token)).toBe(404);
    expect(await statusOf(`${server.url}/api/tasks/${"t".repeat(200)}/export`, alice.token)).toBe(404);
  });

  test("there is nothing to download of a task that exports nothing, or has not completed", async () => {
    await using server = await store.start();
    const { client, token } = await server.newUser();
    const pruning = await client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 1 } });
    await endOf(client, pruning);
    const { status } = await download(`${server.url}/api/tasks/${pruning.id}/export`, token);
    expect(status).toBe(404);
  });

  test("go with their task", async () => {
    await using server = await store.start({ HISTORY_TTL_S: "1" });
    const { client, token } = await server.newUser();
    const { id: jobId } = await client.jobs.create.mutate({});
    const { url } = await exportJob(client, jobId);
    await vi.waitFor(async () => {
      expect((await download(`${server.url}${url}`, token)).status).toBe(404);
    }, patience);
  });

  test("of one job at the same time are the same", async () => {
    await using server = await store.start({ TASKS_MAX_RUNNING_PER_USER: "10" });
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await publish(
      service,
      jobId,
      Array.from({ length: 50 }, (_, number) => `${number}`.repeat(10_000)),
    );
    const results = await Promise.all(Array.from({ length: 8 }, () => exportJob(alice.client, jobId)));
    const texts = await Promise.all(
      results.map(async ({ url }) => (await download(`${server.url}${url}`, alice.token)).text()),
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]?.split("\n")).toHaveLength(52);
  });
});
