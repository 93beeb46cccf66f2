import type { FastifyRequest } from "fastify";

/** Where a token may come from, first found first taken: header, cookie, tRPC's connectionParams. */
export function readRequestToken(
  request: FastifyRequest,
  connectionParams: Readonly<Record<string, string | undefined>> | null,
): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  return bearer ?? request.cookies.jobwire_token ?? connectionParams?.token;
}
