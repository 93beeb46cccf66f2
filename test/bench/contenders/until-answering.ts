import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const startTimeoutMs = 10_000;

/** Resolves when something accepts connections on this port of the loopback interface. */
export async function untilAnswering(port: number): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error(`Nothing answers on port ${port}.`);
    await delay(5);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
