import { randomUUID } from "node:crypto";
import type { Role } from "@jobwire/shared";
import { readConfig, startServer } from "@jobwire/server";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe } from "vitest";
import { startRedis } from "./redis-server.js";
import { createTestClient, type TestClient } from "./test-client.js";

/** Every test server has it unless told otherwise, so that several on one Redis accept each other's tokens. */
export const testSecret = "the secret of every test server, 32 characters and more";

export type Environment = Readonly<Record<string, string>>;

export interface TestServer extends AsyncDisposable {
  /** Without `/trpc`. */
  readonly url: string;
  /** For somebody of this name. Two calls with one name make the same person. */
  token(sub: string, role?: Role): Promise<string>;
  client(token?: string): TestClient;
  /** Somebody nobody else is: other tests on the same store do not see them. */
  newUser(): Promise<Caller>;
  newService(): Promise<Caller>;
}

export interface Caller {
  readonly sub: string;
  readonly token: string;
  readonly client: TestClient;
}

/** The real server on a free port; in memory unless `REDIS_URL` says otherwise. `""` takes a default away. */
export async function startTestServer(overrides: Environment = {}): Promise<TestServer> {
  const config = readConfig({ PORT: "0", LOG_LEVEL: "silent", JWT_SECRET: testSecret, ...overrides });
  const server = await startServer(config);
  const { url } = server;
  const client = (token?: string) => createTestClient({ url, token });
  const newCaller = async (role: Role): Promise<Caller> => {
    const sub = `${role}-${randomUUID()}`;
    const token = await signTestToken({ sub, role });
    return { sub, token, client: client(token) };
  };
  return {
    url,
    token: (sub, role = "user") => signTestToken({ sub, role }),
    client,
    newUser: () => newCaller("user"),
    newService: () => newCaller("service"),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A token that is valid for one hour. */
export async function signTestToken(
  { sub, role }: { sub: string; role: Role },
  secret = testSecret,
): Promise<string> {
  return new SignJWT({ role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));
}

export interface StoreUnderTest {
  readonly name: "memory" | "redis";
  /** What makes a server use this store. */
  environment(): Environment;
  start(overrides?: Environment): Promise<TestServer>;
}

/** Defines the same tests for servers in memory and for servers on a Redis of this file's own. */
export function describeOnEachStore(title: string, define: (store: StoreUnderTest) => void): void {
  describe.each(["memory", "redis"] as const)(`${title} (%s)`, (name) => {
    let redis: Awaited<ReturnType<typeof startRedis>> | undefined;
    beforeAll(async () => {
      if (name === "redis") redis = await startRedis();
    });
    afterAll(async () => redis?.[Symbol.asyncDispose]());
    const environment = (): Environment => (redis ? { REDIS_URL: redis.url } : {});
    define({ name, environment, start: (overrides) => startTestServer({ ...environment(), ...overrides }) });
  });
}
