import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** Every stream resumes with its last id, at the other server half of the time. */
export const clientCuts: Fault = {
  name: "client-cuts",
  title: "the clients' connections are cut again and again, and land on either server",
  async strike({ stage, random, isShort }) {
    const ports = stage.sides.map(({ server }) => server.port);
    for (let round = isShort ? 4 : 12; round > 0; round--) {
      for (const { front } of stage.sides) {
        front.switchTo(random.pick(ports));
        front.cut();
      }
      await delay(random.integer(100, 1500));
    }
    for (const { front, server } of stage.sides) front.switchTo(server.port);
  },
};
