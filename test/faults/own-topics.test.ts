import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, test } from "vitest";
import { Random } from "./support/random.js";
import { hasRedisServer } from "./support/redis-process.js";
import { pipedTokens } from "./topics/book.js";
import { TopicRun } from "./topics/run.js";

/** Faults under publishers of own topics and readers of several at once, iterated and over HTTP: every event is accounted for. */

const seed = Number(process.env.JOBWIRE_FAULT_SEED ?? 1 + Math.floor(Math.random() * 999_999_999));
const hasRedis = hasRedisServer();
const tokens = Array.from({ length: pipedTokens }, (_, index) => `token ${index}`);

describe.skipIf(!hasRedis)(
  `own topics, JOBWIRE_FAULT_SEED=${seed}${hasRedis ? "" : " (there is no redis-server)"}`,
  { timeout: 120_000 },
  () => {
    let random: Random;
    let run: TopicRun;

    beforeEach(async () => {
      random = new Random(seed);
      run = await TopicRun.start(random.fork());
    });
    afterEach(() => run[Symbol.asyncDispose]());

    async function killRedis(): Promise<void> {
      await run.redis.kill();
      await delay(random.integer(50, 1000));
      await run.redis.start();
      await run.untilCommits(20);
    }

    test("SIGKILL of Redis, and a restart from its append-only file, twice: nothing is lost or doubled", async () => {
      await killRedis();
      run.join("between");
      await run.untilAllLive();
      await killRedis();
      await run.untilAllLive();
      await run.finish();
    });

    test("SIGKILL of Redis while readers lose their connections: each goes on where it was", async () => {
      run.cut();
      const killing = killRedis();
      for (let cut = 0; cut < 5; cut++) {
        await delay(random.integer(20, 150));
        run.cut();
      }
      await killing;
      run.cut();
      await run.untilAllLive();
      await run.finish();
    });

    test("SIGKILL of the server in the middle of a pipe, twice: the next one goes on, with each token once", async () => {
      await run.startPipe();
      await run.untilPiped(random.integer(20, 100));
      await run.killServer();
      run.join("after the first");
      await run.startPipe();
      await run.untilPiped(random.integer(120, 200));
      await run.killServer();
      await run.startPipe();
      await run.untilPiped(pipedTokens);
      await run.finish(tokens);
    });

    test("SIGKILL of Redis in the middle of a pipe: it waits, and goes on with each token once", async () => {
      await run.startPipe();
      await run.untilPiped(random.integer(20, 100));
      await killRedis();
      await run.untilPiped(pipedTokens);
      await run.finish(tokens);
    });
  },
);
