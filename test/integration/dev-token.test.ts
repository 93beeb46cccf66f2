import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { readConfig, startServer } from "@jobwire/server";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../support/test-client.js";
import { startTestServer, testSecret, type Environment } from "../support/test-server.js";

const codeHeader = "x-jobwire-code";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Asks with any headers: fetch does not let a program choose `Host`. */
function askForToken(
  url: string,
  query: string,
  headers: Record<string, string> = { [codeHeader]: code },
): Promise<Answer> {
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

const code = "the-code-of-this-test";
const withoutSecret: Environment = { JWT_SECRET: "", JOBWIRE_DEV_CODE: code };

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

  const ways: Record<string, [query: string, headers: Record<string, string>]> = {
    "as a header": ["?sub=alice", { [codeHeader]: code }],
    "in the query": [`?sub=alice&code=${code}`, {}],
    "as a header, through a proxy": ["?sub=alice", { [codeHeader]: code, "x-forwarded-for": "203.0.113.7" }],
  };
  test.each(Object.entries(ways))("with the code %s a token is given", async (_, [query, headers]) => {
    await using server = await startTestServer(withoutSecret);
    expect((await askForToken(server.url, query, headers)).status).toBe(200);
  });

  const strangers: Record<string, [query: string, headers: Record<string, string>]> = {
    "no code": ["?sub=alice&role=service", {}],
    "another code": ["?sub=alice", { [codeHeader]: "another-code-of-test." }],
    "a part of the code": ["?sub=alice", { [codeHeader]: code.slice(0, -1) }],
    "an empty code": ["?sub=alice&code=", {}],
    "two codes": [`?sub=alice&code=${code}&code=${code}`, {}],
    "the code as a token": ["?sub=alice", { authorization: `Bearer ${code}` }],
    "no code, asked for as localhost": ["?sub=alice", { host: "localhost:3000" }],
    "no code, by a name that resolves to loopback": ["?sub=alice", { host: "evil.example" }],
  };
  test.each(Object.entries(strangers))(
    "with %s it is refused, and told where the code is",
    async (_, [query, headers]) => {
      await using server = await startTestServer(withoutSecret);
      const answer = await askForToken(server.url, query, headers);
      expect(answer.status).toBe(403);
      expect(answer.body).toContain("printed at its start");
      expect(answer.body).not.toContain("eyJ");
      expect(answer.body).not.toContain(code);
    },
  );

  test.each([
    ["HTTP/1.0 and nothing of its own", "1.0", {}],
    ["HTTP/1.1 and a host of its choice", "1.1", { host: "127.0.0.1:3000" }],
  ])(
    "a proxy on the same machine that says nothing of itself, with %s, opens nothing to those behind it",
    async (_, version, headers) => {
      await using server = await startTestServer({ ...withoutSecret, TESTING: "on" });
      await using proxy = await startBareProxy(server.url, version, headers);
      const paths = ["/api/dev/token?sub=mallory&role=service", "/metrics"];
      for (const path of paths) expect([401, 403]).toContain(await proxy.get(path));
      expect(await proxy.get("/api/testing/tasks", "POST")).toBe(401);
      expect(await proxy.get(`/api/dev/token?sub=alice&code=${code}`)).toBe(200);
    },
  );

  test("no other site may read it with a script", async () => {
    await using server = await startTestServer(withoutSecret);
    const answer = await askForToken(server.url, "?sub=alice", {
      origin: "https://evil.example",
      [codeHeader]: code,
    });
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

  test("a code is drawn at each start, and nobody guesses it", async () => {
    await using first = await startServer(readConfig({ PORT: "0", LOG_LEVEL: "silent" }));
    await using second = await startServer(readConfig({ PORT: "0", LOG_LEVEL: "silent" }));
    expect(first.developmentCode).toMatch(/^[\w-]{24}$/);
    expect(second.developmentCode).not.toBe(first.developmentCode);
  });

  test("a secret is drawn at each start: yesterday's tokens are nobody's", async () => {
    await using first = await startTestServer(withoutSecret);
    await using second = await startTestServer(withoutSecret);
    const { token } = JSON.parse((await askForToken(first.url, "?sub=alice")).body) as DevToken;
    expect(await refusalOf(second.client(token).jobs.list.query())).toMatchObject({ code: "UNAUTHORIZED" });
  });
});

/** As nginx's bare `proxy_pass`: another request from this machine, with nothing that tells of the first. */
async function startBareProxy(target: string, version: string, headers: Readonly<Record<string, string>>) {
  const { port, host } = new URL(target);
  const server = createServer((client) => {
    client.once("data", (asked) => {
      const [line = ""] = asked.toString().split("\r\n");
      const [method, path] = line.split(" ");
      const fields = Object.entries({ host, connection: "close", "content-length": "0", ...headers });
      const upstream = connect(Number(port), "127.0.0.1", () => {
        upstream.write(`${method} ${path} HTTP/${version}\r\n`);
        for (const [name, value] of fields) upstream.write(`${name}: ${value}\r\n`);
        upstream.write("\r\n");
      });
      upstream.pipe(client);
    });
    client.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    get: async (path: string, method = "GET") => (await fetch(url + path, { method })).status,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
