import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** The clients keep their address; behind it another process answers, as behind a load balancer. */
export const serverKill: Fault = {
  name: "server-kill",
  title: "SIGKILL of a server; its clients move to the other, and back when it is there again",
  async strike({ stage, load, random }) {
    const [first, second] = stage.sides;
    const [dying, staying] = random.chance(0.5) ? [first, second] : [second, first];
    const old = dying.server;
    await old.kill();
    dying.front.switchTo(staying.server.port);
    dying.front.cut();
    const answeringSince = performance.now();
    await load.untilCommits(10);
    await load.untilAllLive();
    const recoveredAt = performance.now();
    dying.server = await stage.startServer();
    dying.front.switchTo(dying.server.port);
    await delay(random.integer(0, 200));
    dying.front.cut();
    // Moving back takes as long again; only the first way counts.
    await load.untilAllLive();
    return { answeringSince: performance.now() - (recoveredAt - answeringSince) };
  },
};
