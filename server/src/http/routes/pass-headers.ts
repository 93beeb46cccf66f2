import type { FastifyReply } from "fastify";

/** For who answers on the response itself: it gets what hooks have set on Fastify's reply. */
export function passHeaders(reply: FastifyReply): void {
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && value !== raw.getHeader(name)) raw.setHeader(name, value);
  }
}
