import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Socket } from "node:net";

/** Answers that Fastify would give with the URL in them, in which there may be a token. */
export function refuseUrl(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  void reply.code(400).send({ error: { code: "BAD_REQUEST", message: "The URL is malformed or too long." } });
}

/** What is no HTTP request is answered and not logged: the error carries its bytes. */
export function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const status = statusOf(error);
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    );
  }
  socket.destroy();
}

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}
