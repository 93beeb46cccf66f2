import { randomInt } from "node:crypto";
import { spoolEventSchema, type Spool } from "@jobwire/shared";
import { afterEach, expect, test } from "vitest";
import { JobwireProcess } from "../faults/support/jobwire-process.js";
import { signToken } from "../faults/support/token.js";
import { openStream, type WireFrame } from "../sse/support/wire-stream.js";
import { watchSpools } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { boardOf } from "../support/spool-board.js";
import { createTestClient, describeRefusal, type TestClient } from "../support/test-client.js";

const watchers = 200;
/** So many of them are stock tRPC clients, the others read plain SSE. */
const trpcWatchers = 40;
const fighters = 20;
const tags = Array.from({ length: 10 }, (_, index) => `MK-${index}`);
const minChanges = 1_000;

const streams: Disposable[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream[Symbol.dispose]();
});

test("a crowd in front of one server process", { timeout: 120_000 }, async () => {
  await using server = await JobwireProcess.start({});
  await watchTheFight([server]);
});

test("a crowd in front of two server processes on one Redis", { timeout: 120_000 }, async () => {
  await using redis = await startRedis();
  await using here = await JobwireProcess.start({ REDIS_URL: redis.url });
  await using there = await JobwireProcess.start({ REDIS_URL: redis.url });
  await watchTheFight([here, there]);
});

/** Every watcher gets every change in order and once, while workers take spools from under each other's hands. */
async function watchTheFight(servers: readonly JobwireProcess[]): Promise<void> {
  const urls = servers.map(({ url }) => url);
  const urlOf = (index: number) => urls[index % urls.length] ?? "";
  const service = createTestClient({ url: urlOf(0), token: await signToken("service", "service") });
  for (const tagSpool of tags) await service.spools.register.mutate({ tagSpool });

  const overTrpc = await Promise.all(
    Array.from({ length: trpcWatchers }, async (_, index) => {
      const token = await signToken(`watcher ${index}`, "user");
      const stream = watchSpools(createTestClient({ url: urlOf(index), token }));
      streams.push(stream);
      await stream.connected();
      return stream;
    }),
  );
  const plain = await Promise.all(
    Array.from({ length: watchers - trpcWatchers }, async (_, index) => {
      const token = await signToken(`plain watcher ${index}`, "user");
      const headers = { authorization: `Bearer ${token}` };
      const stream = await openStream(`${urlOf(index)}/api/spools/stream`, { headers });
      streams.push(stream);
      return stream;
    }),
  );

  const fight = new Fight();
  await Promise.all(
    Array.from({ length: fighters }, async (_, index) => {
      const token = await signToken(`worker ${index}`, "user");
      await fight.join(createTestClient({ url: urlOf(index), token }), `worker ${index}`);
    }),
  );
  expect(fight.refused).toBeGreaterThan(0);

  const total = tags.length + fight.accepted;
  const [reference] = overTrpc;
  await reference?.until(() => reference.items.length >= total);
  const ids = reference?.ids.slice() ?? [];
  const events = reference?.events.slice() ?? [];
  expect(ids.map((id) => Number(id.split(":")[1]))).toEqual(
    Array.from({ length: total }, (_, index) => index + 1),
  );
  const board: Spool[] = await service.spools.list.query();
  expect(boardOf(events)).toEqual(board);

  for (const stream of overTrpc) {
    await stream.first(total);
    expect(stream.ids).toEqual(ids);
    expect(stream.events).toEqual(events);
  }
  const [first] = plain;
  await first?.until(({ id }) => id === ids.at(-1));
  const frames = eventFrames(first?.frames ?? []);
  expect(frames.map(({ id }) => id)).toEqual(ids);
  expect(frames.map(({ data }) => spoolEventSchema.parse(JSON.parse(data ?? "")))).toEqual(events);
  for (const stream of plain) {
    await stream.until(({ id }) => id === ids.at(-1));
    expect(eventFrames(stream.frames)).toEqual(frames);
  }
  expect(servers.flatMap((server) => server.defects())).toEqual([]);
}

function eventFrames(frames: readonly WireFrame[]): WireFrame[] {
  return frames.filter(({ event }) => event === undefined);
}

/** Workers who all want the same few spools. */
class Fight {
  accepted = 0;
  refused = 0;

  async join({ spools }: TestClient, workerNombre: string): Promise<void> {
    while (this.accepted < minChanges) {
      const act = { tagSpool: tags[randomInt(tags.length)] ?? "", workerNombre };
      if (!(await this.#take(spools, act))) continue;
      const { tagSpool } = act;
      for (const change of [
        () => spools.changeState.mutate({ tagSpool, estadoDetalle: `with ${workerNombre}` }),
        () => spools.completar.mutate(act),
        () => spools.pausar.mutate(act),
      ]) {
        expect((await change()).tagSpool).toBe(tagSpool);
        this.accepted += 1;
      }
    }
  }

  async #take(spools: TestClient["spools"], act: { tagSpool: string; workerNombre: string }) {
    try {
      const taken = await spools.tomar.mutate(act);
      expect(taken.workerNombre).toBe(act.workerNombre);
      this.accepted += 1;
      return true;
    } catch (error) {
      const { reason, message } = describeRefusal(error);
      expect(reason).toBe("SPOOL_OCCUPIED");
      expect(message).toMatch(/taken by "worker \d+"/);
      expect(message).not.toContain(`"${act.workerNombre}"`);
      this.refused += 1;
      return false;
    }
  }
}
