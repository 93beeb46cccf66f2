import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../support/test-client.js";
import { startTestServer, testSecret, type Environment } from "../support/test-server.js";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Asks with any headers: fetch does not let a program choose `Host`. */
function askForToken(url: string, query: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/api/dev/token${query}`, { headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asking.on("error", reject).end();
  });
}

interface DevToken {
  readonly token: string;
  readonly sub: string;
  readonly role: string;
  readonly expiresAt: string;
}

const withoutSecret: Environment = { JWT_SECRET: "" };

describe("development tokens", () => {
  test("a token for a user works, and is not stored by anybody on the way", async () => {
    await using server = await startTestServer(withoutSecret);
    const answer = await askForToken(server.url, "?sub=alice&role=user");
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    const { token, sub, role, expiresAt } = JSON.parse(answer.body) as DevToken;
    expect({ sub, role }).toEqual({ sub: "alice", role: "user" });
    expect(new Date(expiresAt).getTime()).toBeGreaterThan(Date.now());
    const client = server.client(token);
    const job = await client.jobs.create.mutate({});
    expect(job.ownerId).toBe("alice");
    expect((await refusalOf(client.jobs.transition.mutate({ jobId: job.id, to: "failed" }))).code).toBe(
      "FORBIDDEN",
    );
  });

  test("a token for a service works, and without a role it is a user's", async () => {
    await using server = await startTestServer(withoutSecret);
    const service = JSON.parse((await askForToken(server.url, "?sub=ci&role=service")).body) as DevToken;
    expect(await server.client(service.token).work.waiting.query({ pipelines: ["none"] })).toEqual({
      items: [],
    });
    expect(JSON.parse((await askForToken(server.url, "?sub=alice")).body)).toMatchObject({ role: "user" });
  });

  test.each(["", "?sub=", "?role=user", "?sub=alice&role=admin", `?sub=${"x".repeat(257)}`, "?sub=a&sub=b"])(
    "the query %j is refused and says what is wrong",
    async (query) => {
      await using server = await startTestServer(withoutSecret);
      const answer = await askForToken(server.url, query);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatch(/sub|role/);
    },
  );

  test.each(["localhost", "LOCALHOST:1234", "127.0.0.1", "127.0.0.1:80", "[::1]:3000"])(
    "asked for as %s, it is given",
    async (host) => {
      await using server = await startTestServer(withoutSecret);
      expect((await askForToken(server.url, "?sub=alice", { host })).status).toBe(200);
    },
  );

  const disguised: Record<string, Record<string, string>> = {
    "a page of another site that resolves to loopback": { host: "evil.example" },
    "a name that begins like loopback": { host: "localhost.evil.example" },
    "a name that ends like loopback": { host: "evil.example:localhost" },
    "an address that begins like loopback": { host: "127.0.0.1.evil.example" },
    "a proxy": { "x-forwarded-for": "203.0.113.7" },
    "a proxy that follows the standard": { forwarded: "for=203.0.113.7" },
  };
  test.each(Object.entries(disguised))("asked for by %s, it is refused", async (_, headers) => {
    await using server = await startTestServer(withoutSecret);
    const answer = await askForToken(server.url, "?sub=alice", headers);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain("eyJ");
  });

  test("no other site may read it with a script", async () => {
    await using server = await startTestServer(withoutSecret);
    const answer = await askForToken(server.url, "?sub=alice", { origin: "https://evil.example" });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("with a secret there is no such route", async () => {
    await using server = await startTestServer({ JWT_SECRET: testSecret });
    expect((await askForToken(server.url, "?sub=alice")).status).toBe(404);
  });

  test("with a key server there is no such route", async () => {
    await using server = await startTestServer({
      JWT_SECRET: "",
      JWT_JWKS_URL: "http://127.0.0.1:9/jwks.json",
    });
    expect((await askForToken(server.url, "?sub=alice")).status).toBe(404);
  });

  test("in production there is no such route", async () => {
    await using server = await startTestServer({ NODE_ENV: "production", JWT_SECRET: testSecret });
    expect((await askForToken(server.url, "?sub=alice")).status).toBe(404);
  });

  test("a secret is drawn at each start: yesterday's tokens are nobody's", async () => {
    await using first = await startTestServer(withoutSecret);
    await using second = await startTestServer(withoutSecret);
    const { token } = JSON.parse((await askForToken(first.url, "?sub=alice")).body) as DevToken;
    expect(await refusalOf(second.client(token).jobs.list.query())).toMatchObject({ code: "UNAUTHORIZED" });
  });
});
