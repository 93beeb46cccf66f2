import { startTestServer as startKitServer, type TestCaller } from "@jobwire/client/testing";
import type { Role } from "@jobwire/shared";
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

/** The kit's server; in memory unless `REDIS_URL` says otherwise. `""` takes a default away. */
export async function startTestServer(overrides: Environment = {}): Promise<TestServer> {
  const server = await startKitServer({ JWT_SECRET: testSecret, ...overrides });
  const client = (token?: string) => createTestClient({ url: server.url, token });
  const withStockClient = ({ sub, token }: TestCaller): Caller => ({ sub, token, client: client(token) });
  return {
    ...server,
    client,
    newUser: async () => withStockClient(await server.newUser()),
    newService: async () => withStockClient(await server.newService()),
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
