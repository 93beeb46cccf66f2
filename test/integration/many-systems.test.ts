import { randomUUID } from "node:crypto";
import type { SessionStreamEvent } from "@jobwire/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { watchFeed, watchJob, watchSession, watchSpools, type Collected } from "../support/collect.js";
import { messagesIn, newRequestId } from "../support/session-steps.js";
import { boardOf } from "../support/spool-board.js";
import { endOf, simulateTask } from "../support/tasks.js";
import { describeRefusal } from "../support/test-client.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";

const userCount = 3;

const actionArbitrary = fc.record({
  what: fc.constantFrom(
    "create a job",
    "publish",
    "fail a job",
    "export a job",
    "send to all",
    "send to one",
    "announce a version",
    "take a spool",
    "release a spool",
    "run a task",
    "run a service's task",
    "reconnect",
  ),
  user: fc.nat(userCount - 1),
  /** Which of several. */
  pick: fc.nat(100),
});
type Action = typeof actionArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** The actions of one round are made at the same time. */
const roundsArbitrary = fc.array(fc.array(actionArbitrary, { minLength: 3, maxLength: 6 }), {
  minLength: 10,
  maxLength: 12,
});

describeOnEachStore("all systems at once", (store) => {
  test(
    "whatever users do, each stream carries what is its user's, once and in order",
    { timeout: 240_000 },
    async () => {
      const environment = { TESTING: "on", TASKS_MAX_RUNNING: "100", TASKS_MAX_RUNNING_PER_USER: "100" };
      await using here = await store.start(environment);
      // Two servers in memory would be two worlds.
      await using another = store.name === "redis" ? await store.start(environment) : null;
      await fc.assert(
        fc.asyncProperty(roundsArbitrary, async (rounds) => {
          using world = await openWorld([here, another ?? here]);
          for (const round of rounds) await Promise.all(round.map((action) => world.perform(action)));
          await world.account();
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
  );
});

/** One user's streams, and what they are to carry. */
class Watcher implements Disposable {
  readonly requestId = newRequestId();
  readonly jobIds: string[] = [];
  readonly messages: string[] = [];
  readonly versions: string[] = [];
  readonly taskIds: string[] = [];
  readonly feed: ReturnType<typeof watchFeed>;
  readonly board: ReturnType<typeof watchSpools>;
  readonly #connections: Collected<SessionStreamEvent>[] = [];
  #connecting = Promise.resolve();

  constructor(readonly caller: Caller) {
    this.feed = watchFeed(caller.client);
    this.board = watchSpools(caller.client);
  }

  get sessionEvents(): SessionStreamEvent[] {
    return this.#connections.flatMap(({ events }) => events);
  }

  /**
   * Opens the session, or leaves it and comes back with the last id. One that comes back before it was there would race with
   * itself: the last commit wins.
   */
  connect(): Promise<void> {
    return (this.#connecting = this.#connecting.then(() => this.#connectAgain()));
  }

  async #connectAgain(): Promise<void> {
    await this.#connections.at(-1)?.first(1);
    this.#connections.at(-1)?.unsubscribe();
    const lastEventId = this.#connections.flatMap(({ ids }) => ids).at(-1);
    const connection = watchSession(this.caller.client, { requestId: this.requestId, lastEventId });
    this.#connections.push(connection);
    if (lastEventId === undefined) await connection.first(2);
  }

  async until(isWanted: (event: SessionStreamEvent) => boolean): Promise<void> {
    await this.#connections.at(-1)?.until(isWanted);
  }

  [Symbol.dispose](): void {
    for (const stream of [this.feed, this.board, ...this.#connections]) stream.unsubscribe();
  }
}

async function openWorld(servers: readonly [TestServer, TestServer]) {
  const service = await servers[0].newService();
  const watchers = await Promise.all(
    Array.from({ length: userCount }, async (_, index) => {
      const { sub, token } = await servers[0].newUser();
      const watcher = new Watcher({ sub, token, client: servers[index % 2 === 0 ? 0 : 1].client(token) });
      await watcher.connect();
      return watcher;
    }),
  );
  const tagSpools = [`spool ${randomUUID()}`, `spool ${randomUUID()}`];
  for (const tagSpool of tagSpools) await service.client.spools.register.mutate({ tagSpool });

  async function perform({ what, user, pick }: Action): Promise<void> {
    const watcher = watchers[user];
    if (!watcher) return;
    const { caller, requestId, jobIds } = watcher;
    const jobId = jobIds[pick % Math.max(1, jobIds.length)];
    const spool = { tagSpool: tagSpools[pick % 2] ?? "", workerNombre: caller.sub };
    const name = randomUUID();
    switch (what) {
      case "create a job":
        jobIds.push((await caller.client.jobs.create.mutate({})).id);
        break;
      case "publish": {
        const event = { type: "build.progress", stage: "code", percent: pick } as const;
        if (jobId) await ifFree(service.client.jobs.publish.mutate({ jobId, event }));
        break;
      }
      case "fail a job":
        if (jobId) await ifFree(service.client.jobs.transition.mutate({ jobId, to: "failed" }));
        break;
      case "export a job": {
        if (!jobId) break;
        const start = { kind: "export-events", input: { jobId } } as const;
        watcher.taskIds.push((await caller.client.tasks.start.mutate(start)).id);
        break;
      }
      case "send to all":
        for (const { messages } of watchers) messages.push(name);
        await service.client.sessions.send.mutate({ name, data: pick });
        break;
      case "send to one":
        watcher.messages.push(name);
        await service.client.sessions.send.mutate({ name, data: pick, requestId });
        break;
      case "announce a version":
        watcher.versions.push(name);
        await service.client.versions.announce.mutate({ version: name, requestId });
        break;
      case "take a spool":
        await ifFree(caller.client.spools.tomar.mutate(spool));
        break;
      case "release a spool":
        await ifFree(caller.client.spools.pausar.mutate(spool));
        break;
      case "run a task":
      case "run a service's task": {
        const isOwn = what === "run a task";
        const simulation = { durationMs: pick * 5, steps: 3, ...(isOwn && { ownerId: caller.sub }) };
        const { id } = await simulateTask(servers[pick % 2 === 0 ? 0 : 1], service.token, simulation);
        for (const { taskIds } of isOwn ? [watcher] : watchers) taskIds.push(id);
        break;
      }
      case "reconnect":
        await watcher.connect();
        break;
    }
  }

  async function account(): Promise<void> {
    const end = randomUUID();
    for (const { taskIds } of watchers) for (const id of taskIds) await endOf(service.client, { id });
    await service.client.sessions.send.mutate({ name: end, data: null });
    await service.client.spools.register.mutate({ tagSpool: end });
    const spools = await service.client.spools.list.query();
    for (const watcher of watchers) {
      await watcher.until((event) => event.type === "session.message" && event.name === end);
      expectSession(watcher, end);
      await watcher.board.until((event) => "tagSpool" in event && event.tagSpool === end);
      expect(boardOf(watcher.board.events)).toEqual(spools);
      await expectFeed(watcher);
    }
  }

  return {
    perform,
    account,
    [Symbol.dispose]() {
      for (const watcher of watchers) watcher[Symbol.dispose]();
    },
  };
}

function expectSession({ sessionEvents, messages, versions, taskIds }: Watcher, end: string): void {
  expect(messagesIn(sessionEvents).toSorted()).toEqual([...messages, end].toSorted());
  const announced = sessionEvents.flatMap((event) =>
    event.type === "version.announced" && event.pending ? [event.version] : [],
  );
  expect(new Set(announced)).toEqual(new Set(versions));
  const about = sessionEvents.filter((event) => "taskId" in event);
  expect(new Set(about.map(({ taskId }) => taskId))).toEqual(new Set(taskIds));
  for (const id of taskIds) {
    const types = about.filter(({ taskId }) => taskId === id).map(({ type }) => type);
    const progress = types.filter((type) => type === "task.progress");
    expect(types).toEqual(["task.started", ...progress, "task.completed"]);
  }
}

/** The feed is all of the user's jobs and nothing else: each job's own stream is what the feed has of it. */
async function expectFeed({ caller, feed, jobIds }: Watcher): Promise<void> {
  const { id: end } = await caller.client.jobs.create.mutate({});
  await feed.until((event) => "jobId" in event && event.jobId === end);
  const ofJob = (jobId: string) => feed.events.filter((event) => "jobId" in event && event.jobId === jobId);
  expect(feed.events).toHaveLength([...jobIds, end].flatMap(ofJob).length);
  for (const jobId of jobIds) {
    using stream = watchJob(caller.client, { jobId });
    const { status } = await caller.client.jobs.get.query({ jobId });
    if (status === "failed") await stream.completed();
    else await stream.first(ofJob(jobId).length);
    expect(stream.events).toEqual(ofJob(jobId));
  }
}

/** What the state of things does not allow is refused as a conflict, and changes nothing. */
async function ifFree(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    expect(describeRefusal(error).code).toBe("CONFLICT");
  }
}
