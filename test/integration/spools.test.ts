import { randomUUID } from "node:crypto";
import type { SpoolStreamEvent } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import { watchSpools } from "../support/collect.js";
import { callRaw, errorOf } from "../support/raw-http.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, startTestServer, type TestServer } from "../support/test-server.js";

/** A spool nobody else has, a worker at a terminal, and a service that registered it. */
async function standAt(server: TestServer) {
  const { client } = await server.newUser();
  const service = await server.newService();
  const tagSpool = `MK-${randomUUID()}`;
  const registered = await service.client.spools.register.mutate({ tagSpool, estadoDetalle: "cut" });
  const listed = async () =>
    (await client.spools.list.query()).find((spool) => spool.tagSpool === tagSpool) ?? null;
  return { client, service, tagSpool, registered, listed };
}

function eventsOf(events: readonly SpoolStreamEvent[], tagSpool: string) {
  return events.filter((event) => event.type !== "stream.gap" && event.tagSpool === tagSpool);
}

const conflict = { code: "CONFLICT", status: 409 };

describeOnEachStore("spools", (store) => {
  test("each change is on the board and, with the same content, an event", async () => {
    await using server = await store.start();
    const { client, tagSpool, registered, listed } = await standAt(server);
    using stream = watchSpools(client);
    const additionalData = { station: "ARM 3" };
    const taken = await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana", additionalData });
    expect(await listed()).toEqual(taken);
    const changed = await client.spools.changeState.mutate({ tagSpool, estadoDetalle: "armed" });
    expect(await listed()).toEqual(changed);
    const completed = await client.spools.completar.mutate({ tagSpool, workerNombre: "Ana" });
    expect(await listed()).toEqual(completed);
    const released = await client.spools.pausar.mutate({ tagSpool, workerNombre: "Ana" });
    expect(await listed()).toEqual(released);

    const free = { tagSpool, workerNombre: null, completed: false };
    const held = { tagSpool, workerNombre: "Ana", completed: false };
    expect([registered, taken, changed, completed, released]).toEqual([
      { ...free, estadoDetalle: "cut", updatedAt: expect.any(Date) },
      { ...held, estadoDetalle: "cut", updatedAt: expect.any(Date) },
      { ...held, estadoDetalle: "armed", updatedAt: expect.any(Date) },
      { ...held, estadoDetalle: "armed", completed: true, updatedAt: expect.any(Date) },
      { ...free, estadoDetalle: "armed", updatedAt: expect.any(Date) },
    ]);
    await stream.until((event) => event.type === "PAUSAR" && event.tagSpool === tagSpool);
    const event = { tagSpool, workerNombre: "Ana", estadoDetalle: "armed" };
    expect(eventsOf(stream.events, tagSpool)).toEqual([
      {
        type: "STATE_CHANGE",
        tagSpool,
        workerNombre: null,
        estadoDetalle: "cut",
        timestamp: registered.updatedAt,
      },
      { ...event, type: "TOMAR", estadoDetalle: "cut", timestamp: taken.updatedAt, additionalData },
      { ...event, type: "STATE_CHANGE", timestamp: changed.updatedAt },
      { ...event, type: "COMPLETAR", timestamp: completed.updatedAt },
      { ...event, type: "PAUSAR", timestamp: released.updatedAt },
    ]);
  });

  test("registering a spool that is there changes nothing and says nothing", async () => {
    await using server = await store.start();
    const { client, service, tagSpool } = await standAt(server);
    const taken = await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });
    expect(await service.client.spools.register.mutate({ tagSpool, estadoDetalle: "other" })).toEqual(taken);
    using stream = watchSpools(client);
    await client.spools.pausar.mutate({ tagSpool, workerNombre: "Ana" });
    await stream.until((event) => event.type === "PAUSAR" && event.tagSpool === tagSpool);
    expect(eventsOf(stream.events, tagSpool).map(({ type }) => type)).toEqual([
      "STATE_CHANGE",
      "TOMAR",
      "PAUSAR",
    ]);
  });

  test("a spool registered by many at once is registered once", async () => {
    await using server = await store.start();
    const { client, service } = await standAt(server);
    const tagSpool = `MK-${randomUUID()}`;
    const spools = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        service.client.spools.register.mutate({ tagSpool, estadoDetalle: `from ${index}` }),
      ),
    );
    expect(new Set(spools.map((spool) => JSON.stringify(spool))).size).toBe(1);
    using stream = watchSpools(client);
    await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });
    await stream.until((event) => event.type === "TOMAR" && event.tagSpool === tagSpool);
    expect(eventsOf(stream.events, tagSpool)).toHaveLength(2);
  });

  test("taking an occupied spool is refused and names who has it, also when that is the caller", async () => {
    await using server = await store.start();
    const { client, tagSpool, listed } = await standAt(server);
    const taken = await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });
    for (const workerNombre of ["Luis", "Ana"]) {
      expect(await refusalOf(client.spools.tomar.mutate({ tagSpool, workerNombre }))).toEqual({
        ...conflict,
        reason: "SPOOL_OCCUPIED",
        message: `Spool "${tagSpool}" is taken by "Ana".`,
      });
    }
    expect(await listed()).toEqual(taken);
  });

  test("a completed spool is still occupied; a released one can be taken", async () => {
    await using server = await store.start();
    const { client, tagSpool } = await standAt(server);
    const act = { tagSpool, workerNombre: "Ana" };
    await client.spools.tomar.mutate(act);
    await client.spools.completar.mutate(act);
    expect(await refusalOf(client.spools.tomar.mutate({ ...act, workerNombre: "Luis" }))).toMatchObject({
      reason: "SPOOL_OCCUPIED",
    });
    await client.spools.pausar.mutate(act);
    expect(await client.spools.tomar.mutate({ ...act, workerNombre: "Luis" })).toMatchObject({
      workerNombre: "Luis",
      completed: false,
    });
  });

  test("only who has a spool may pause or complete it", async () => {
    await using server = await store.start();
    const { client, tagSpool, registered, listed } = await standAt(server);
    const luis = { tagSpool, workerNombre: "Luis" };
    const actions = [client.spools.pausar, client.spools.completar];
    for (const action of actions) {
      expect(await refusalOf(action.mutate(luis))).toEqual({
        ...conflict,
        reason: "SPOOL_NOT_HELD",
        message: `Nobody has spool "${tagSpool}"; take it first with spools.tomar.`,
      });
    }
    expect(await listed()).toEqual(registered);
    const taken = await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });
    for (const action of actions) {
      expect(await refusalOf(action.mutate(luis))).toEqual({
        ...conflict,
        reason: "SPOOL_NOT_HELD",
        message: `Spool "${tagSpool}" is held by "Ana", not by "Luis".`,
      });
    }
    expect(await listed()).toEqual(taken);
  });

  test("an unknown spool is not found, and nothing is put on the board", async () => {
    await using server = await store.start();
    const { client } = await standAt(server);
    const tagSpool = `MK-${randomUUID()}`;
    const act = { tagSpool, workerNombre: "Ana" };
    const calls = [
      client.spools.tomar.mutate(act),
      client.spools.pausar.mutate(act),
      client.spools.completar.mutate(act),
      client.spools.changeState.mutate({ tagSpool, estadoDetalle: "armed" }),
    ];
    for (const call of calls) {
      expect(await refusalOf(call)).toMatchObject({
        code: "NOT_FOUND",
        reason: "SPOOL_NOT_FOUND",
        status: 404,
      });
    }
    expect((await client.spools.list.query()).map((spool) => spool.tagSpool)).not.toContain(tagSpool);
  });

  test("of workers who take a spool at once one wins, and the others are told who", async () => {
    await using server = await store.start();
    const { client, tagSpool, listed } = await standAt(server);
    const names = Array.from({ length: 20 }, (_, index) => `worker ${index}`);
    const calls = await Promise.allSettled(
      names.map((workerNombre) => client.spools.tomar.mutate({ tagSpool, workerNombre })),
    );
    const won = calls.filter((call) => call.status === "fulfilled");
    expect(won).toHaveLength(1);
    const holder = (await listed())?.workerNombre;
    expect(won[0]?.value.workerNombre).toBe(holder);
    for (const call of calls) {
      if (call.status === "rejected") expect(String(call.reason)).toContain(`is taken by "${holder}"`);
    }
  });

  test("details that are changed at once are all said, and the last one stands", async () => {
    await using server = await store.start();
    const { client, tagSpool, listed } = await standAt(server);
    using stream = watchSpools(client);
    const details = Array.from({ length: 30 }, (_, index) => `step ${index}`);
    await Promise.all(
      details.map((estadoDetalle) => client.spools.changeState.mutate({ tagSpool, estadoDetalle })),
    );
    await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });
    await stream.until((event) => event.type === "TOMAR" && event.tagSpool === tagSpool);
    const said = eventsOf(stream.events, tagSpool).flatMap((event) =>
      event.type === "STATE_CHANGE" ? [event.estadoDetalle] : [],
    );
    expect(said).toHaveLength(1 + details.length);
    expect(new Set(said)).toEqual(new Set(["cut", ...details]));
    expect((await listed())?.estadoDetalle).toBe(said.at(-1));
  });

  test("the list is complete over more than one page, by tag, and can be narrowed", async () => {
    await using server = await store.start();
    const { client, service } = await standAt(server);
    const area = randomUUID();
    const tags = Array.from({ length: 600 }, (_, index) => `${area}-${String(index).padStart(5, "0")}`);
    await Promise.all(tags.map((tagSpool) => service.client.spools.register.mutate({ tagSpool })));
    const taken = tags.filter((_, index) => index % 7 === 0);
    await Promise.all(taken.map((tagSpool) => client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" })));
    const tagsOf = async (input?: { available: boolean }) =>
      (await client.spools.list.query(input))
        .map(({ tagSpool }) => tagSpool)
        .filter((tag) => tag.startsWith(area));
    expect(await tagsOf()).toEqual(tags);
    expect(await tagsOf({ available: false })).toEqual(taken);
    expect(await tagsOf({ available: true })).toEqual(tags.filter((_, index) => index % 7 !== 0));
  });

  test("tags and names of any script, with braces and colons, stay what they are", async () => {
    await using server = await store.start();
    const { client, service, listed } = await standAt(server);
    const tagSpool = `{x}:*?[] "é☃🏗️"\n${randomUUID()}`;
    await service.client.spools.register.mutate({ tagSpool });
    const workerNombre = 'José "Pepe" Núñez:{1}';
    const taken = await client.spools.tomar.mutate({ tagSpool, workerNombre });
    expect(taken).toMatchObject({ tagSpool, workerNombre });
    expect(await client.spools.list.query({ available: false })).toContainEqual(taken);
    expect(await listed()).not.toBeNull();
  });
});

describe("who may call, and with what", () => {
  test("without a token nothing answers; users cannot register or publish", async () => {
    await using server = await startTestServer();
    const { client, tagSpool } = await standAt(server);
    expect(await refusalOf(server.client().spools.list.query())).toMatchObject({ code: "UNAUTHORIZED" });
    const forbidden = { code: "FORBIDDEN", reason: "ROLE_REQUIRED" };
    expect(await refusalOf(client.spools.register.mutate({ tagSpool }))).toMatchObject(forbidden);
    const event = { type: "STATE_CHANGE", tagSpool } as const;
    expect(await refusalOf(client.spools.publish.mutate(event))).toMatchObject(forbidden);
  });

  test.each([
    ["tomar", { workerNombre: "Ana" }, /tagSpool/],
    ["tomar", { tagSpool: "A" }, /workerNombre/],
    ["tomar", { tagSpool: "  ", workerNombre: "Ana" }, /tagSpool/],
    ["tomar", { tagSpool: "A".repeat(129), workerNombre: "Ana" }, /tagSpool/],
    ["tomar", { tagSpool: "A", workerNombre: "\ud800" }, /well-formed[^]*workerNombre/],
    ["tomar", { tagSpool: "A", workerNombre: 7 }, /workerNombre/],
    ["pausar", { tagSpool: "A", workerNombre: "Ana", estadoDetalle: "x" }, /estadoDetalle/],
    ["completar", { tagSpool: "A", workerNombre: "Ana", additionalData: { a: 1 } }, /additionalData\.a/],
    ["changeState", { tagSpool: "A" }, /estadoDetalle/],
    ["changeState", { tagSpool: "A", estadoDetalle: "x".repeat(1025) }, /estadoDetalle/],
    ["register", { tagSpool: "A", workerNombre: "Ana" }, /workerNombre/],
    ["publish", { type: "TOMAR", tagSpool: "A" }, /TOMAR needs[^]*workerNombre/],
    ["publish", { type: "TAKEN", tagSpool: "A" }, /type/],
    ["publish", { type: "PAUSAR", tagSpool: "A", timestamp: "2026-01-31T09:30:00.000Z" }, /timestamp/],
  ])("spools.%s of %j is refused and the field named", async (name, input, names) => {
    await using server = await startTestServer();
    const { token, client } = await server.newService();
    const answer = await callRaw(server.url, `spools.${name}`, { token, input });
    expect(answer.status).toBe(400);
    const { message, data } = errorOf(answer);
    expect(data).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
    expect(message).toMatch(names);
    expect(await client.spools.list.query()).toEqual([]);
  });
});
