import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { startTcpProxy } from "../sse/support/tcp-proxy.js";
import { watchSession, watchSpools } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { simulateTask } from "../support/tasks.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

const [userCount, sessionsPerUser, boardCount] = [10, 50, 20];
const [drainMs, taskDrainMs] = [1500, 20_000];
const patience = { timeout: 60_000, interval: 50 };

test(
  "SIGTERM with running tasks and 500 sessions: all go on at another process, each with everything, once",
  { timeout: 240_000 },
  async () => {
    await using redis = await startRedis();
    const start = () =>
      startProcess(process.execPath, serverProgram, {
        REDIS_URL: redis.url,
        JWT_SECRET: testSecret,
        TESTING: "on",
        SESSIONS_MAX_PER_USER: "1000",
        DRAIN_MS: String(drainMs),
        TASK_DRAIN_MS: String(taskDrainMs),
      });
    await using here = await start();
    await using there = await start();
    await using balancer = await startTcpProxy(Number(new URL(here.url).port));
    const serviceToken = await signTestToken({ sub: "ci", role: "service" });
    const service = createTestClient({ url: there.url, token: serviceToken });
    const users = await Promise.all(
      Array.from({ length: userCount }, async () => {
        const sub = `user-${randomUUID()}`;
        const token = await signTestToken({ sub, role: "user" });
        return { sub, client: createTestClient({ url: balancer.url, token }) };
      }),
    );
    const sessions = users.flatMap(({ sub, client }) =>
      Array.from({ length: sessionsPerUser }, () => ({
        sub,
        session: watchSession(client, { requestId: randomUUID() }),
      })),
    );
    const boards = users
      .slice(0, 1)
      .flatMap(({ client }) => Array.from({ length: boardCount }, () => watchSpools(client)));
    try {
      await Promise.all(sessions.map(({ session }) => session.first(2)));
      await Promise.all(boards.map((board) => board.connected()));

      const sent: string[] = [];
      let isSending = true;
      const sending = (async () => {
        while (isSending) {
          const name = `message ${sent.length}`;
          await service.sessions.send.mutate({ name, data: null });
          await service.spools.register.mutate({ tagSpool: name });
          sent.push(name);
        }
      })();
      const sentMore = async (count: number) => {
        const wanted = sent.length + count;
        await vi.waitFor(() => expect(sent.length).toBeGreaterThanOrEqual(wanted), patience);
      };
      await sentMore(3);
      const [alice] = users;
      const own = { ownerId: alice?.sub ?? "", durationMs: 4000, steps: 8 };
      const tasks = [
        await simulateTask(here, serviceToken, own),
        await simulateTask(here, serviceToken, { durationMs: 4000, steps: 8 }),
      ];

      const startedAt = performance.now();
      here.send("SIGTERM");
      balancer.switchTo(Number(new URL(there.url).port));
      expect(await here.exited).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(drainMs + taskDrainMs);
      await sentMore(3);
      isSending = false;
      await sending;

      const [byAlice, byService] = tasks.map(({ id }) => id);
      for (const { sub, session } of sessions) {
        await session.until((event) => event.type === "session.message" && event.name === sent.at(-1));
        const names = session.events.flatMap((event) =>
          event.type === "session.message" ? [event.name] : [],
        );
        expect(names).toEqual(sent);
        const ends = () =>
          session.events.flatMap((event) =>
            event.type === "task.completed" || event.type === "task.failed"
              ? [`${event.type} ${event.taskId}`]
              : [],
          );
        const expected = sub === alice?.sub ? [byAlice, byService] : [byService];
        // Those of a user come from another log than what is for all.
        await vi.waitFor(() => expect(ends().length).toBeGreaterThanOrEqual(expected.length), patience);
        expect(ends().toSorted()).toEqual(expected.map((id) => `task.completed ${id}`).toSorted());
        const starts = session.events.filter(({ type }) => type === "task.started");
        expect(starts).toHaveLength(expected.length);
        expect(session.events.map(({ type }) => type)).not.toContain("stream.gap");
      }
      for (const board of boards) {
        await board.first(sent.length);
        expect(board.events.map((event) => "tagSpool" in event && event.tagSpool)).toEqual(sent);
      }
    } finally {
      for (const stream of [...sessions.map(({ session }) => session), ...boards]) stream.unsubscribe();
    }
  },
);
