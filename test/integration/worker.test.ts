import { once } from "node:events";
import { createJobwireClient } from "@jobwire/client";
import { createWorker } from "@jobwire/client/worker";
import { expect, test } from "vitest";
import { describeRefusal } from "../support/test-client.js";
import { describeOnEachStore, startTestServer } from "../support/test-server.js";
import {
  deferred,
  failureOf,
  Gate,
  openWorkshop,
  outline,
  outlineOfStages,
  stages,
} from "./worker-fixture.js";

describeOnEachStore("a worker", (store) => {
  test("takes a job through its stages to ready and says so in order", async () => {
    await using server = await store.start();
    const shop = await openWorkshop(server);
    await using worker = shop.startWorker(() =>
      stages({
        async code({ publish, progress }) {
          progress(40, "half of it");
          await publish({ type: "snapshot.updated", url: "https://example.com/picture.png" });
          progress(100);
        },
      }),
    );
    const jobId = await shop.createJob();
    const events = await shop.eventsOf(jobId);
    expect(outline(events)).toEqual([
      "started queued",
      "completed queued",
      "started starting",
      "completed starting",
      "started scaffold",
      "completed scaffold",
      "started code",
      "progress 40 code",
      "snapshot.updated",
      "progress 100 code",
      "completed code",
      ...outlineOfStages(["deps", "checks"]),
      "started ready",
    ]);
    expect(await shop.getJob(jobId)).toMatchObject({
      status: "ready",
      workerId: worker.workerId,
      attempt: 1,
    });
  });

  test("a stage that fails fails the job with its reason, and what comes after it is not run", async () => {
    await using server = await store.start();
    const shop = await openWorkshop(server);
    const performed: string[] = [];
    await using _worker = shop.startWorker(() =>
      stages({
        code({ progress }) {
          progress(70);
          throw new Error("no space left on the device");
        },
        deps: () => void performed.push("deps"),
        [Symbol.asyncDispose]: async () => void performed.push("disposed"),
      }),
    );
    const events = await shop.eventsOf(await shop.createJob());
    expect(failureOf(events)).toBe("no space left on the device");
    expect(outline(events).slice(-4)).toEqual([
      "started code",
      "progress 70 code",
      "completed code",
      "started failed",
    ]);
    expect(performed).toEqual(["disposed"]);
  });

  test("two workers run every one of twenty jobs exactly once", async () => {
    await using server = await store.start();
    const shop = await openWorkshop(server);
    const runs: string[] = [];
    const open = ({ id }: { readonly id: string }) => stages({ scaffold: () => void runs.push(id) });
    const before = await Promise.all(Array.from({ length: 10 }, () => shop.createJob()));
    await using _one = shop.startWorker(open, { concurrency: 2 });
    await using _other = shop.startWorker(open);
    const after = await Promise.all(Array.from({ length: 10 }, () => shop.createJob()));
    const jobIds = [...before, ...after];
    await Promise.all(jobIds.map((jobId) => shop.eventsOf(jobId)));
    expect(runs.toSorted()).toEqual(jobIds.toSorted());
    const jobs = await Promise.all(jobIds.map((jobId) => shop.getJob(jobId)));
    expect(jobs.map(({ status }) => status)).toEqual(jobIds.map(() => "ready"));
  });
});

test("failed checks go back to scaffold as often as the pipeline allows, then the job fails", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const attempts: number[] = [];
  await using _worker = shop.startWorker(
    () =>
      stages({
        checks({ attempt }) {
          attempts.push(attempt);
          throw new Error(`attempt ${attempt} is red`);
        },
      }),
    { retries: 2 },
  );
  const jobId = await shop.createJob();
  const events = await shop.eventsOf(jobId);
  expect(attempts).toEqual([1, 2, 3]);
  expect(outline(events).slice(4)).toEqual([
    ...outlineOfStages(),
    ...outlineOfStages(),
    ...outlineOfStages(),
    "started failed",
  ]);
  const reasons = events.flatMap((event) =>
    event.type === "build.stage.started" && event.stage === "scaffold" ? [event.message] : [],
  );
  expect(reasons.slice(1)).toEqual([
    "Retry 1 of 2, the checks failed: attempt 1 is red",
    "Retry 2 of 2, the checks failed: attempt 2 is red",
  ]);
  expect(failureOf(events)).toBe("attempt 3 is red");
  expect((await shop.getJob(jobId)).attempt).toBe(3);
});

test("checks that pass when they are retried make the job ready", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using _worker = shop.startWorker(
    () =>
      stages({
        checks({ attempt }) {
          if (attempt === 1) throw new Error("flaky");
        },
      }),
    { retries: 1 },
  );
  const jobId = await shop.createJob();
  expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
});

test("of a reason that is too long the last lines are kept", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using _worker = shop.startWorker(() => {
    throw new Error(Array.from({ length: 5000 }, (_, index) => `line ${index}`).join("\n"));
  });
  const reason = failureOf(await shop.eventsOf(await shop.createJob()));
  expect(reason.length).toBeLessThanOrEqual(16_384);
  expect(reason).toMatch(/^…\nline \d+\n/);
  expect(reason).toMatch(/\nline 4999$/);
});

test("jobs of other pipelines are left alone", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const otherShop = await openWorkshop(server);
  const otherId = await otherShop.createJob();
  await using _worker = shop.startWorker(() => stages());
  await shop.eventsOf(await shop.createJob());
  expect((await otherShop.getJob(otherId)).status).toBe("queued");
});

test("a queue that is longer than one answer is worked off to its end", { timeout: 90_000 }, async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const jobIds = await Promise.all(Array.from({ length: 130 }, () => shop.createJob()));
  await using _worker = shop.startWorker(() => stages(), { concurrency: 10 });
  for (const jobId of jobIds) expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
});

test("a claim is renewed for as long as the job runs", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using _worker = shop.startWorker(() => stages({ code: gate.stage }), { leaseMs: 1000 });
  const jobId = await shop.createJob();
  await gate.entered;
  await shop.letLeaseRunOut(1000);
  gate.open();
  expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
});

test("a job that ends elsewhere aborts its stage and frees the worker for the next", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const entered = deferred<void>();
  const performed: string[] = [];
  await using _worker = shop.startWorker(
    ({ id }) =>
      stages({
        async code({ signal }) {
          if (id !== calledOff) return;
          entered.resolve();
          await once(signal, "abort");
          performed.push("aborted");
        },
        deps: () => void performed.push(id),
      }),
    { leaseMs: 1000 },
  );
  const calledOff = await shop.createJob();
  await entered.promise;
  await shop.failJob(calledOff);
  const next = await shop.createJob();
  expect(outline(await shop.eventsOf(next)).at(-1)).toBe("started ready");
  expect(performed).toEqual(["aborted", next]);
  expect(failureOf(await shop.eventsOf(calledOff))).toBe("called off");
});

test("a stage that does not heed its signal is left behind, which is said, and the worker goes on", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const [entered, goOn, said] = [deferred<void>(), deferred<void>(), deferred<string>()];
  const logger = {
    info() {},
    error() {},
    warn: (_fields: object, message: string) => /left behind/.test(message) && said.resolve(message),
  };
  await using _worker = shop.startWorker(
    ({ id }) =>
      stages({
        async code() {
          if (id !== stubborn) return;
          entered.resolve();
          await goOn.promise;
        },
      }),
    { logger },
  );
  const stubborn = await shop.createJob();
  await entered.promise;
  const { client } = await server.newService();
  expect(await client.jobs.cancel.mutate({ jobId: stubborn })).toMatchObject({ outcome: "cancelled" });
  const next = await shop.createJob();
  expect(outline(await shop.eventsOf(next)).at(-1)).toBe("started ready");
  expect(await said.promise).toContain("does not heed its signal");
  goOn.resolve();
});

test("a job that becomes ready is not taken for one that was ended, although its stream says so before the call is answered", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const { token } = await server.newService();
  const warnings: string[] = [];
  const warn = (_fields: object, message: string) => void warnings.push(message);
  const slowly: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (answer.url.includes("jobs.transition")) await new Promise((resolve) => setTimeout(resolve, 200));
    return answer;
  };
  await using worker = createWorker({
    client: createJobwireClient({ url: server.url, token, fetch: slowly }),
    pipelines: { [shop.pipeline]: { open: () => stages() } },
    logger: { info() {}, warn, error: warn },
  });
  const jobId = await shop.createJob();
  expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
  await worker.stop({ graceMs: 5000 });
  expect(warnings).toEqual([]);
});

test("a worker without the role for it claims nothing and says why", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  const [said, warned] = [deferred<unknown>(), deferred<string>()];
  const { token } = await server.newUser();
  const client = createJobwireClient({ url: server.url, token });
  const logger = {
    info() {},
    warn: (_fields: object, message: string) => /offers/.test(message) && warned.resolve(message),
    error: ({ err }: { readonly err?: unknown }) => said.resolve(err),
  };
  await using _worker = createWorker({
    client,
    pipelines: { [shop.pipeline]: { open: () => stages() } },
    logger,
  });
  expect(describeRefusal(await said.promise)).toMatchObject({ code: "FORBIDDEN", reason: "ROLE_REQUIRED" });
  expect(await warned.promise).toContain("cannot say what this worker offers");
});

test("a worker that the server would refuse is not made, and the option is named", () => {
  const client = createJobwireClient({ url: "http://127.0.0.1:9", token: "none" });
  const pipelines = { build: { open: () => stages() } };
  const many = Array.from({ length: 201 }, (_, index) => `project ${index}`);
  expect(() => createWorker({ client, pipelines, projects: many })).toThrow("at projects");
  expect(() => createWorker({ client, pipelines: {} })).toThrow("at pipelines");
  expect(() => createWorker({ client, pipelines, workerId: "w".repeat(129) })).toThrow("at workerId");
  expect(() => createWorker({ client, pipelines, leaseMs: 500 })).toThrow("at leaseMs");
});
