import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { describe, expect, test } from "vitest";
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
  { alg, kid, privateKey }: Pick<KeyPair, "alg" | "kid" | "privateKey">,
  sub = "alice",
): Promise<string> {
  return new SignJWT({ role: "user" })
    .setProtectedHeader({ alg, kid })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(privateKey);
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
