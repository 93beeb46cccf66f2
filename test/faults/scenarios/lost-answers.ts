import type { Fault } from "../fault.js";
import { until } from "../support/until.js";

/** The commit is made and its answer lost, on either part of the way. The idempotency key makes the retry harmless. */
export const lostAnswers: Fault = {
  name: "lost-answers",
  title: "answers to commits are lost; the publishers try again",
  async strike({ stage, random, isShort }) {
    const toRedis = stage.redisProxy;
    const proxies = [toRedis, ...stage.sides.map(({ front }) => front)];
    const before = proxies.map(({ lostAnswers: lost }) => lost);
    const wanted = isShort ? 4 : 15;
    toRedis.loseAnswers((request) => request.includes("}:m:") && random.chance(0.1));
    for (const { front } of stage.sides)
      front.loseAnswers((request) => request.includes("/trpc/jobs.publish") && random.chance(0.1));
    const lost = () => proxies.map((proxy, index) => proxy.lostAnswers - (before[index] ?? 0));
    await until(
      () => lost().every((count) => count >= wanted),
      () => `${wanted} answers lost on every part of the way: ${lost().join(", ")}`,
      60_000,
    );
    for (const proxy of proxies) proxy.heal();
  },
};
