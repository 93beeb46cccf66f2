import { once } from "node:events";
import { expect, test } from "vitest";
import { startTestServer } from "../support/test-server.js";
import { failureOf, Gate, openWorkshop, outline, stages } from "./worker-fixture.js";

test("a stopped worker finishes the job in hand and claims no more", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using worker = shop.startWorker(() => stages({ code: gate.stage }));
  const inHand = await shop.createJob();
  const waiting = await shop.createJob();
  const { signal } = await gate.entered;
  const stopped = worker.stop({ graceMs: 20_000 });
  gate.open();
  await stopped;
  expect(signal.aborted).toBe(false);
  expect(outline(await shop.eventsOf(inHand)).at(-1)).toBe("started ready");
  expect((await shop.getJob(waiting)).status).toBe("queued");
});

test("past the grace the stage is aborted and the job fails with a message that says so", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const entered = new Gate();
  const disposed: string[] = [];
  await using worker = shop.startWorker(() =>
    stages({
      async code(context) {
        entered.open();
        await entered.stage(context);
        await once(context.signal, "abort");
        throw new Error("what a stage says about its own abortion does not count");
      },
      [Symbol.asyncDispose]: async () => void disposed.push("run"),
    }),
  );
  const jobId = await shop.createJob();
  await entered.entered;
  await worker.stop({ graceMs: 10 });
  expect(disposed).toEqual(["run"]);
  const events = await shop.eventsOf(jobId);
  expect(failureOf(events)).toBe(`Worker ${worker.workerId} was stopped before the job was done.`);
});

test("a stage that takes no notice of being stopped does not make its job ready", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using worker = shop.startWorker(() => stages({ checks: gate.stage }), { retries: 3 });
  const jobId = await shop.createJob();
  const { signal } = await gate.entered;
  signal.addEventListener("abort", () => gate.open(), { once: true });
  await worker.stop({ graceMs: 0 });
  expect(failureOf(await shop.eventsOf(jobId))).toMatch(/stopped/);
});

test("a stage that never returns cannot hold a worker that is stopped", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using worker = shop.startWorker(() => stages({ code: gate.stage }));
  const jobId = await shop.createJob();
  await gate.entered;
  await worker.stop({ graceMs: 0 });
  expect(failureOf(await shop.eventsOf(jobId))).toMatch(/stopped/);
});

test("a worker without a job stops at once, and may be stopped again", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using worker = shop.startWorker(() => stages());
  await Promise.all([worker.stop({ graceMs: 60_000 }), worker.stop({ graceMs: 60_000 })]);
  const jobId = await shop.createJob();
  expect((await shop.getJob(jobId)).status).toBe("queued");
});

test("a second stop may shorten the grace of the first", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using worker = shop.startWorker(() => stages({ code: gate.stage }));
  const jobId = await shop.createJob();
  const { signal } = await gate.entered;
  signal.addEventListener("abort", () => gate.open(), { once: true });
  const stopped = worker.stop({ graceMs: 600_000 });
  await worker.stop({ graceMs: 0 });
  await stopped;
  expect((await shop.getJob(jobId)).status).toBe("failed");
});
