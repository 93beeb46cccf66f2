import { expect, test } from "vitest";
import { JobwireProcess } from "../faults/support/jobwire-process.js";
import { signToken } from "../faults/support/token.js";
import { watchSpools } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { createTestClient, refusalOf } from "../support/test-client.js";
import { boardOf } from "../support/spool-board.js";
import { describeOnEachStore } from "../support/test-server.js";

describeOnEachStore("spools.publish", (store) => {
  test("says what holds: whoever has the spool, also of one the board does not know", async () => {
    await using server = await store.start();
    const { client } = await server.newService();
    const tagSpool = `from outside, ${store.name}`;
    const published = async (event: Omit<Parameters<typeof client.spools.publish.mutate>[0], "tagSpool">) => {
      expect(await client.spools.publish.mutate({ tagSpool, ...event })).toEqual({ published: true });
      const spool = (await client.spools.list.query()).find((one) => one.tagSpool === tagSpool);
      return [spool?.workerNombre, spool?.estadoDetalle, spool?.completed];
    };
    expect(await published({ type: "STATE_CHANGE", estadoDetalle: "cut" })).toEqual([null, "cut", false]);
    expect(await published({ type: "TOMAR", workerNombre: "Ana" })).toEqual(["Ana", "cut", false]);
    expect(await published({ type: "TOMAR", workerNombre: "Luis" })).toEqual(["Luis", "cut", false]);
    expect(await published({ type: "COMPLETAR" })).toEqual(["Luis", "cut", true]);
    expect(await published({ type: "STATE_CHANGE", estadoDetalle: null })).toEqual(["Luis", null, true]);
    expect(await published({ type: "STATE_CHANGE", workerNombre: null })).toEqual([null, null, false]);
    expect(await published({ type: "COMPLETAR" })).toEqual([null, null, false]);
    expect(await published({ type: "TOMAR", workerNombre: "Eva" })).toEqual(["Eva", null, false]);
    expect(await published({ type: "PAUSAR", estadoDetalle: "armed" })).toEqual([null, "armed", false]);

    using stream = watchSpools(client);
    await stream.until((event) => event.type === "PAUSAR" && event.tagSpool === tagSpool);
    const events = stream.events.flatMap((event) =>
      event.type === "stream.gap" ? [] : [[event.type, event.workerNombre, event.estadoDetalle]],
    );
    expect(events.at(-1)).toEqual(["PAUSAR", "Eva", "armed"]);
    expect(events.filter(([type]) => type === "COMPLETAR")).toEqual([
      ["COMPLETAR", "Luis", "cut"],
      ["COMPLETAR", null, null],
    ]);
    expect(boardOf(stream.events)).toEqual(await client.spools.list.query());
  });

  test("many at once about one spool are all published", async () => {
    await using server = await store.start();
    const { client } = await server.newService();
    const tagSpool = `busy, ${store.name}`;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        client.spools.publish.mutate({
          type: "STATE_CHANGE",
          tagSpool,
          workerNombre: null,
          estadoDetalle: `step ${index}`,
        }),
      ),
    );
    expect(answers).toEqual(answers.map(() => ({ published: true })));
    await client.spools.publish.mutate({ type: "PAUSAR", tagSpool });
    using stream = watchSpools(client);
    await stream.until((event) => event.type === "PAUSAR" && event.tagSpool === tagSpool);
    const said = stream.events.filter((event) => event.type !== "stream.gap" && event.tagSpool === tagSpool);
    expect(said).toHaveLength(answers.length + 1);
    expect(boardOf(stream.events)).toEqual(await client.spools.list.query());
  });
});

test("while Redis is away it answers published: false and logs why; it publishes again afterwards", async () => {
  await using redis = await startRedis();
  await using server = await JobwireProcess.start({ REDIS_URL: redis.url });
  const token = await signToken("erp", "service");
  const client = createTestClient({ url: server.url, token });
  const event = { type: "TOMAR", tagSpool: "A", workerNombre: "Ana" } as const;
  expect(await client.spools.publish.mutate(event)).toEqual({ published: true });

  await redis.kill();
  expect(await client.spools.publish.mutate(event)).toEqual({ published: false });
  await expect.poll(() => server.logged(/^a spool event was not published$/)).toHaveLength(1);
  const [failure] = server.logged(/^a spool event was not published$/);
  expect(failure).toMatchObject({
    tagSpool: "A",
    err: { message: expect.stringMatching(/does not answer/) },
  });
  expect(JSON.stringify(failure)).not.toContain(token);
  expect(await refusalOf(client.spools.publish.mutate({ ...event, workerNombre: "" }))).toMatchObject({
    code: "BAD_REQUEST",
  });
  expect(await refusalOf(client.spools.tomar.mutate({ tagSpool: "A", workerNombre: "Ana" }))).toMatchObject({
    code: "SERVICE_UNAVAILABLE",
  });

  await redis.restart();
  await expect
    .poll(async () => (await client.spools.publish.mutate(event)).published, { timeout: 15_000 })
    .toBe(true);
  expect(await client.spools.list.query()).toMatchObject([{ tagSpool: "A", workerNombre: "Ana" }]);
  expect(server.defects()).toEqual([]);
});
