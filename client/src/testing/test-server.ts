import { randomUUID } from "node:crypto";
import { readConfig, startServer } from "@jobwire/server";
import type { Role } from "@jobwire/shared";
import { createJobwireClient, type JobwireClient } from "../create-client.js";

/** Somebody with a token and a client. */
export interface TestCaller {
  /** Who it is: the `sub` of the token. */
  readonly sub: string;
  readonly token: string;
  readonly client: JobwireClient;
}

/** A server that listens, and people to call it. Disposing it closes their clients and stops it. */
export interface TestServer extends AsyncDisposable {
  /** Without `/trpc`. */
  readonly url: string;
  /** A token that is valid for an hour. Two calls with one name make the same person. */
  token(sub: string, role?: Role): Promise<string>;
  /** A client with this token; it is closed with the server. */
  client(token: string): JobwireClient;
  /** A user nobody else is: tests do not see each other's jobs. */
  newUser(): Promise<TestCaller>;
  /** A service, which drives jobs and sees all of them. */
  newService(): Promise<TestCaller>;
}

/**
 * The real server inside this process, on a free port and with everything in memory.
 *
 * @param environment What docs/configuration.md lists, over that: `{ SSE_HEARTBEAT_MS: "50" }`, `{ REDIS_URL }`.
 * @example
 * await using server = await startTestServer();
 * const { client } = await server.newUser();
 */
export async function startTestServer(
  environment: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const server = await startServer(readConfig({ PORT: "0", LOG_LEVEL: "silent", ...environment }));
  const clients = new Set<JobwireClient>();
  const client = (token: string) => {
    const made = createJobwireClient({ url: server.url, token });
    clients.add(made);
    return made;
  };
  const token = async (sub: string, role: Role = "user") => {
    if (!server.signer) throw new Error("With JWT_JWKS_URL the test makes its tokens itself.");
    return server.signer.sign({ userId: sub, role, expiresAt: new Date(Date.now() + tokenLifetimeMs) });
  };
  const newCaller = async (role: Role): Promise<TestCaller> => {
    const sub = `${role}-${randomUUID()}`;
    const itsToken = await token(sub, role);
    return { sub, token: itsToken, client: client(itsToken) };
  };
  return {
    url: server.url,
    token,
    client,
    newUser: () => newCaller("user"),
    newService: () => newCaller("service"),
    async [Symbol.asyncDispose]() {
      for (const made of clients) made.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const tokenLifetimeMs = 3_600_000;
