import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
} from "jose";
import { describe, expect, test, vi } from "vitest";
import { watchJob } from "../support/collect.js";
import { describeRefusal, refusalOf } from "../support/test-client.js";
import { startTestServer, type TestServer } from "../support/test-server.js";

interface KeyServer extends AsyncDisposable {
  readonly url: string;
  keys: JWK[];
  status: number;
}

async function startKeyServer(keys: JWK[]): Promise<KeyServer> {
  const http: Server = createServer((_request, response) => {
    response.writeHead(keyServer.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: keyServer.keys }));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const keyServer: KeyServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks.json`,
    keys,
    status: 200,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      if (http.listening) await once(http, "close");
    },
  };
  return keyServer;
}

interface KeyPair {
  readonly alg: string;
  readonly kid: string;
  readonly jwk: JWK;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

async function newKeyPair(alg: string, kid = alg): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, publicKey, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

function sign(
  { alg, kid, privateKey }: Pick<KeyPair, "alg" | "privateKey"> & { readonly kid: string | undefined },
  sub = "alice",
  change: (jwt: SignJWT) => SignJWT = (jwt) => jwt,
): Promise<string> {
  const jwt = new SignJWT({ role: "user" })
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
    .setSubject(sub)
    .setAudience("jobwire")
    .setIssuer("https://id.example.com")
    .setExpirationTime("1h");
  return change(jwt).sign(privateKey);
}

function startWithKeys({ url }: KeyServer): Promise<TestServer> {
  return startTestServer({ JWT_SECRET: "", JWT_JWKS_URL: url });
}

describe("tokens of a key server (JWKS)", () => {
  test.each(["RS256", "ES256", "PS256", "EdDSA"])(
    "a token signed with %s is accepted for calls and streams",
    async (alg) => {
      const pair = await newKeyPair(alg);
      await using keyServer = await startKeyServer([pair.jwk]);
      await using server = await startWithKeys(keyServer);
      const client = server.client(await sign(pair));
      const job = await client.jobs.create.mutate({});
      expect(job.ownerId).toBe("alice");
      using stream = watchJob(client, { jobId: job.id });
      await stream.first(1);
    },
  );

  test("a token signed with a key that the key server does not have is refused", async () => {
    const pair = await newKeyPair("ES256");
    await using keyServer = await startKeyServer([pair.jwk]);
    await using server = await startWithKeys(keyServer);
    const unknown = server.client(await sign(await newKeyPair("ES256", "unknown")));
    expect(await refusalOf(unknown.jobs.list.query())).toMatchObject({
      code: "UNAUTHORIZED",
      reason: "TOKEN_INVALID",
    });
    const impostor = server.client(await sign(await newKeyPair("ES256")));
    expect(await refusalOf(impostor.jobs.list.query())).toMatchObject({
      code: "UNAUTHORIZED",
      reason: "TOKEN_INVALID",
    });
  });

  test.each([
    ["names no key", undefined, "other"],
    ["names several keys", "ES256", "ES256"],
  ])("a token that %s is accepted when one of them has signed it", async (_, kid, otherKid) => {
    const pairs = [await newKeyPair("ES256"), await newKeyPair("ES256", otherKid)];
    await using keyServer = await startKeyServer(pairs.map(({ jwk }) => jwk));
    await using server = await startWithKeys(keyServer);
    for (const pair of pairs) {
      const client = server.client(await sign({ ...pair, kid }));
      expect((await client.jobs.list.query()).items).toEqual([]);
      const expired = await sign({ ...pair, kid }, "alice", (jwt) => jwt.setExpirationTime("1m ago"));
      expect(await refusalOf(server.client(expired).jobs.list.query())).toMatchObject({
        reason: "TOKEN_EXPIRED",
      });
    }
    const impostor = server.client(await sign({ ...(await newKeyPair("ES256")), kid }));
    expect(await refusalOf(impostor.jobs.list.query())).toMatchObject({ reason: "TOKEN_INVALID" });
  });

  test("a new key is known without a restart, and an old one that is gone signs nothing any more", async () => {
    // Only the clock: a key server is asked for an unknown key once in half a minute.
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const [old, fresh] = [await newKeyPair("ES256", "old"), await newKeyPair("ES256", "fresh")];
      await using keyServer = await startKeyServer([old.jwk]);
      await using server = await startWithKeys(keyServer);
      const withOld = server.client(await sign(old));
      expect((await withOld.jobs.list.query()).items).toEqual([]);

      keyServer.keys = [fresh.jwk];
      vi.setSystemTime(Date.now() + 31_000);
      expect((await server.client(await sign(fresh)).jobs.list.query()).items).toEqual([]);
      expect(await refusalOf(withOld.jobs.list.query())).toMatchObject({ reason: "TOKEN_INVALID" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("an old key that is gone is forgotten within ten minutes also when nobody uses a new one", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const old = await newKeyPair("ES256", "old");
      await using keyServer = await startKeyServer([old.jwk]);
      await using server = await startWithKeys(keyServer);
      const client = server.client(await sign(old));
      expect((await client.jobs.list.query()).items).toEqual([]);
      keyServer.keys = [];
      vi.setSystemTime(Date.now() + 601_000);
      expect(await refusalOf(client.jobs.list.query())).toMatchObject({ reason: "TOKEN_INVALID" });
    } finally {
      vi.useRealTimers();
    }
  });

  const unacceptable: Record<string, (pair: KeyPair) => Promise<string>> = {
    "is not valid yet": (pair) => sign(pair, "alice", (jwt) => jwt.setNotBefore("10m")),
    "is for another audience": (pair) => sign(pair, "alice", (jwt) => jwt.setAudience("billing")),
    "is of another issuer": (pair) => sign(pair, "alice", (jwt) => jwt.setIssuer("https://evil.example.com")),
    "has no signature (alg none)": async () =>
      new UnsecuredJWT({ role: "user", sub: "alice" }).setExpirationTime("1h").encode(),
  };

  test.each(Object.entries(unacceptable))("a token that %s is refused", async (_, make) => {
    const pair = await newKeyPair("ES256");
    await using keyServer = await startKeyServer([pair.jwk]);
    await using server = await startTestServer({
      JWT_SECRET: "",
      JWT_JWKS_URL: keyServer.url,
      JWT_AUDIENCE: "jobwire",
      JWT_ISSUER: "https://id.example.com",
    });
    expect(await refusalOf(server.client(await make(pair)).jobs.list.query())).toMatchObject({
      code: "UNAUTHORIZED",
      reason: "TOKEN_INVALID",
    });
    const accepted = server.client(await sign(pair));
    expect((await accepted.jobs.list.query()).items).toEqual([]);
  });

  test("an HS256 token whose secret is the public key is refused", async () => {
    const pair = await newKeyPair("RS256");
    await using keyServer = await startKeyServer([pair.jwk]);
    await using server = await startWithKeys(keyServer);
    const pem = await exportSPKI(pair.publicKey);
    const publicTexts = [pem, pem.trim(), JSON.stringify(pair.jwk), pair.jwk.n ?? ""];
    for (const secret of publicTexts) {
      const token = await new SignJWT({ role: "service" })
        .setProtectedHeader({ alg: "HS256", kid: pair.kid })
        .setSubject("mallory")
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(secret));
      const refusal = await refusalOf(server.client(token).jobs.list.query());
      expect(refusal).toMatchObject({ code: "UNAUTHORIZED", reason: "TOKEN_INVALID" });
    }
  });

  test("a symmetric key that stands in the key set by mistake signs nothing", async () => {
    const secret = new TextEncoder().encode("a symmetric key that everybody can read");
    const oct: JWK = { kty: "oct", kid: "oct", alg: "HS256", k: Buffer.from(secret).toString("base64url") };
    await using keyServer = await startKeyServer([oct]);
    await using server = await startWithKeys(keyServer);
    const token = await new SignJWT({ role: "service" })
      .setProtectedHeader({ alg: "HS256", kid: "oct" })
      .setSubject("mallory")
      .setExpirationTime("1h")
      .sign(secret);
    expect(await refusalOf(server.client(token).jobs.list.query())).toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("while the key server does not answer, tokens are neither accepted nor called invalid", async () => {
    const pair = await newKeyPair("ES256");
    await using keyServer = await startKeyServer([pair.jwk]);
    await using server = await startWithKeys(keyServer);
    keyServer.status = 503;
    const client = server.client(await sign(pair));
    expect(await refusalOf(client.jobs.list.query())).toMatchObject({
      code: "SERVICE_UNAVAILABLE",
      status: 503,
    });
    using stream = watchJob(client, { jobId: "any" });
    expect(describeRefusal(await stream.retriedError())).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  });

  test("a key server that is gone is SERVICE_UNAVAILABLE", async () => {
    const pair = await newKeyPair("ES256");
    const keyServer = await startKeyServer([pair.jwk]);
    await using server = await startWithKeys(keyServer);
    await keyServer[Symbol.asyncDispose]();
    const refusal = await refusalOf(server.client(await sign(pair)).jobs.list.query());
    expect(refusal).toMatchObject({ code: "SERVICE_UNAVAILABLE", status: 503 });
  });
});
