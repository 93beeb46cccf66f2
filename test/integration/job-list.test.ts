import type { Job } from "@jobwire/shared";
import { expect, test } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { refusalOf, type TestClient } from "../support/test-client.js";
import { describeOnEachStore, type Caller } from "../support/test-server.js";

/** Names that would break out of keys, patterns, paths or prototypes if they could. */
const nastyNames = [
  "{}",
  "{alice}",
  "}{",
  "alice",
  "alice:1",
  "alice:1:s:job/",
  "alice}:s:{",
  "..%2f..%2f",
  "../..",
  "%7Balice%7D",
  "*",
  "alice*",
  "al?ce",
  "[alice]",
  "__proto__",
  "constructor",
  "Ünïcödé 🧱 ﷽",
  "é",
  "e\u0301",
  "alice\u0000",
  "alice\nbob",
  " alice",
  "alice ",
  '"]',
  "\\",
  "x".repeat(256),
];

async function listAll(client: TestClient, limit: number): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: readonly Job[]; nextCursor: string | null } = await client.jobs.list.query({
      limit,
      cursor,
    });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    jobs.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return jobs;
}

async function createJobs({ client }: Caller, count: number): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let number = 1; number <= count; number++)
    jobs.push(await client.jobs.create.mutate({ title: `job ${number}` }));
  return jobs;
}

describeOnEachStore("listing jobs", (store) => {
  test("own jobs come newest first, whole as get shows them, and nobody else's", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const bob = await server.newUser();
    const created = await createJobs(alice, 3);
    await createJobs(bob, 2);
    expect(await alice.client.jobs.list.query()).toEqual({ items: created.toReversed(), nextCursor: null });
    expect((await bob.client.jobs.list.query({})).items).toHaveLength(2);
  });

  test("somebody without jobs has an empty list", async () => {
    await using server = await store.start();
    const { client } = await server.newUser();
    expect(await client.jobs.list.query()).toEqual({ items: [], nextCursor: null });
  });

  test.each([1, 2, 3, 6, 7, 8, 100])("pages of %i repeat nothing and leave nothing out", async (limit) => {
    await using server = await store.start();
    const alice = await server.newUser();
    const created = await createJobs(alice, 7);
    expect(await listAll(alice.client, limit)).toEqual(created.toReversed());
  });

  test("jobs created between two pages do not shift the second", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const created = await createJobs(alice, 5);
    const first = await alice.client.jobs.list.query({ limit: 2 });
    await createJobs(alice, 3);
    const second = await alice.client.jobs.list.query({ limit: 10, cursor: first.nextCursor });
    expect([...first.items, ...second.items]).toEqual(created.toReversed());
    expect(second.nextCursor).toBeNull();
  });

  test("a page has twenty jobs unless told otherwise, and one to a hundred may be asked for", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    await createJobs(alice, 21);
    expect((await alice.client.jobs.list.query()).items).toHaveLength(20);
    for (const limit of [0, 101, 1.5, -1]) {
      const refusal = await refusalOf(alice.client.jobs.list.query({ limit }));
      expect(refusal).toMatchObject({ code: "BAD_REQUEST", message: expect.stringContaining("limit") });
    }
  });

  test("users of any name see their own jobs and only those", async () => {
    await using server = await store.start();
    const users = await Promise.all(
      nastyNames.map(async (sub) => ({ sub, client: server.client(await server.token(sub)) })),
    );
    const jobs = await Promise.all(
      users.map(({ sub, client }) => client.jobs.create.mutate({ metadata: { sub } })),
    );
    for (const [index, { sub, client }] of users.entries()) {
      const own = jobs[index];
      const foreign = jobs[(index + 1) % jobs.length];
      expect(own?.ownerId).toBe(sub);
      expect((await client.jobs.list.query()).items).toEqual([own]);
      expect(await client.jobs.get.query({ jobId: own?.id ?? "" })).toEqual(own);
      expect(await refusalOf(client.jobs.get.query({ jobId: foreign?.id ?? "" }))).toMatchObject({
        code: "NOT_FOUND",
      });
      using stream = watchJob(client, { jobId: own?.id ?? "" });
      using feed = watchFeed(client);
      await stream.first(1);
      await feed.first(1);
      expect(feed.events).toEqual(stream.events);
    }
  });
});
