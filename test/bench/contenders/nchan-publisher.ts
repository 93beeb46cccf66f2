import { once } from "node:events";
import { connect } from "node:net";
import type { Publisher } from "./contender.js";

/** POSTs on one connection without waiting for answers in between: the order is kept, as with a Redis connection. */
export async function openNchanPublisher(port: number): Promise<Publisher> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let unread = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    unread += text;
    let end = 0;
    for (const { index, 0: found, 1: status = "" } of unread.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
      end = index + found.length;
      const next = waiting.shift();
      if (status.startsWith("2")) next?.resolve();
      else next?.reject(new Error(`Nchan refused an event with ${status}`));
    }
    unread = unread.slice(Math.max(end, unread.length - statusLength));
  });
  return {
    publish: (topic, { json }) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        const head = `POST /publish/${topic} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${Buffer.byteLength(json)}`;
        socket.write(`${head}\r\n\r\n${json}`);
      }),
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  };
}

const statusLength = "HTTP/1.1 200".length;
