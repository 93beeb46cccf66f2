import { describe, expect, test } from "vitest";
import { SignJWT, UnsecuredJWT } from "jose";
import { watchJob } from "../support/collect.js";
import { callRaw, errorOf, errorOfFrame, openRawStream, type RawRequest } from "../support/raw-http.js";
import { createTestClient, describeRefusal, refusalOf } from "../support/test-client.js";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";

const key = new TextEncoder().encode(testSecret);
const anotherKey = new TextEncoder().encode("another secret that is also 32 characters or more");
const inOneHour = () => Math.floor(Date.now() / 1000) + 3600;

function sign(claims: Record<string, unknown>, { alg = "HS256", secret = key } = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(secret);
}

/** The token with another payload and the old signature. */
function tamper(token: string, claims: Record<string, unknown>): string {
  const [header, , signature] = token.split(".");
  return [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
}

const alice = { sub: "alice", role: "user" } as const;

describe("tokens that are refused", () => {
  const refused: Record<string, { token: () => Promise<string>; reason: string }> = {
    "an expired one": { token: () => sign({ ...alice, exp: inOneHour() - 3601 }), reason: "TOKEN_EXPIRED" },
    "one without an end": { token: () => sign(alice), reason: "TOKEN_INVALID" },
    "one that is not valid yet": {
      token: () => sign({ ...alice, exp: inOneHour(), nbf: inOneHour() - 10 }),
      reason: "TOKEN_INVALID",
    },
    "one signed with another secret": {
      token: () => sign({ ...alice, exp: inOneHour() }, { secret: anotherKey }),
      reason: "TOKEN_INVALID",
    },
    "one with another algorithm": {
      token: () => sign({ ...alice, exp: inOneHour() }, { alg: "HS512" }),
      reason: "TOKEN_INVALID",
    },
    "one without a signature (alg none)": {
      token: async () => new UnsecuredJWT(alice).setExpirationTime("1h").encode(),
      reason: "TOKEN_INVALID",
    },
    "one whose claims were changed": {
      token: async () =>
        tamper(await sign({ ...alice, exp: inOneHour() }), { sub: "bob", role: "service", exp: inOneHour() }),
      reason: "TOKEN_INVALID",
    },
    "one that ended before 1970": {
      token: () => sign({ ...alice, exp: -1 }),
      reason: "TOKEN_EXPIRED",
    },
    "one that begins after the leeway": {
      token: () => sign({ ...alice, exp: inOneHour(), nbf: Math.floor(Date.now() / 1000) + 30 }),
      reason: "TOKEN_INVALID",
    },
    "one whose end has just come, whatever the leeway": {
      token: () => sign({ ...alice, exp: Math.floor(Date.now() / 1000) - 1 }),
      reason: "TOKEN_EXPIRED",
    },
    "one without a subject": {
      token: () => sign({ role: "user", exp: inOneHour() }),
      reason: "TOKEN_INVALID",
    },
    "one with an empty subject": {
      token: () => sign({ sub: "", exp: inOneHour() }),
      reason: "TOKEN_INVALID",
    },
    "one with a role that does not exist": {
      token: () => sign({ sub: "alice", role: "admin", exp: inOneHour() }),
      reason: "TOKEN_INVALID",
    },
    "one with a critical extension that nobody knows": {
      token: () =>
        new SignJWT({ ...alice, exp: inOneHour() })
          .setProtectedHeader({
            alg: "HS256",
            crit: ["https://example.com/must"],
            "https://example.com/must": 1,
          })
          .sign(key, { crit: { "https://example.com/must": true } }),
      reason: "TOKEN_INVALID",
    },
    "text that is no token": { token: async () => "nonsense", reason: "TOKEN_INVALID" },
    "three dots": { token: async () => "...", reason: "TOKEN_INVALID" },
  };

  test.each(Object.entries(refused))(
    "%s is UNAUTHORIZED for calls and streams",
    async (_, { token: make, reason }) => {
      await using server = await startTestServer();
      const token = await make();
      const client = server.client(token);
      expect(await refusalOf(client.jobs.list.query())).toMatchObject({
        code: "UNAUTHORIZED",
        reason,
        status: 401,
      });
      expect(await refusalOf(client.jobs.create.mutate({}))).toMatchObject({ code: "UNAUTHORIZED", reason });
      using stream = watchJob(client, { jobId: "any" });
      expect(describeRefusal(await stream.error())).toMatchObject({ code: "UNAUTHORIZED", reason });
    },
  );

  test("without any token everything is UNAUTHORIZED and says how to send one", async () => {
    await using server = await startTestServer();
    const client = server.client();
    const refusal = await refusalOf(client.jobs.list.query());
    expect(refusal).toMatchObject({ code: "UNAUTHORIZED", reason: "TOKEN_MISSING", status: 401 });
    expect(refusal.message).toContain("Authorization");
    using stream = watchJob(client, { jobId: "any" });
    expect(describeRefusal(await stream.error())).toMatchObject({
      code: "UNAUTHORIZED",
      reason: "TOKEN_MISSING",
    });
  });

  test("a refusal never repeats the token", async () => {
    await using server = await startTestServer();
    const token = await sign({ ...alice, exp: inOneHour() }, { secret: anotherKey });
    const { text } = await callRaw(server.url, "jobs.list", { method: "GET", token });
    expect(text).not.toContain(token.split(".")[2]);
  });

  test("another way to say who one is does not count", async () => {
    await using server = await startTestServer();
    const token = await signTestToken(alice);
    const disguises: RawRequest["headers"][] = [
      { authorization: token },
      { authorization: `Basic ${token}` },
      { authorization: "Bearer" },
      { cookie: `token=${token}` },
      { "x-user": "alice" },
    ];
    for (const headers of disguises) {
      const answer = await callRaw(server.url, "jobs.list", { method: "GET", headers: headers ?? {} });
      expect(answer.status, JSON.stringify(headers)).toBe(401);
      expect(errorOf(answer).data).toMatchObject({ reason: "TOKEN_MISSING" });
    }
  });
});

describe("where a token may come from", () => {
  test("the Authorization header, in any case", async () => {
    await using server = await startTestServer();
    const token = await signTestToken(alice);
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const headers = { authorization: `${scheme} ${token}` };
      expect((await callRaw(server.url, "jobs.list", { method: "GET", headers })).status).toBe(200);
    }
  });

  test("the cookie jobwire_token, for calls and streams", async () => {
    await using server = await startTestServer();
    const token = await signTestToken(alice);
    const headers = { cookie: `theme=dark; jobwire_token=${token}` };
    expect((await callRaw(server.url, "jobs.list", { method: "GET", headers })).status).toBe(200);
    const { id: jobId } = await server.client(token).jobs.create.mutate({});
    await using stream = await openRawStream(server.url, "jobs.events", { headers, input: { jobId } });
    expect((await stream.until(({ id }) => id !== undefined)).data).toContain(jobId);
  });

  test("connectionParams, as the stock client sends them", async () => {
    await using server = await startTestServer();
    const client = createTestClient({
      url: server.url,
      token: await signTestToken(alice),
      streamToken: "connectionParams",
    });
    const { id: jobId } = await client.jobs.create.mutate({});
    using stream = watchJob(client, { jobId });
    expect((await stream.first(1))[0]?.data).toMatchObject({ jobId });
  });

  test("the header of a stream, from an EventSource with a fetch of its own", async () => {
    await using server = await startTestServer();
    const client = createTestClient({
      url: server.url,
      token: await signTestToken(alice),
      streamToken: "header",
    });
    const { id: jobId } = await client.jobs.create.mutate({});
    using stream = watchJob(client, { jobId });
    expect((await stream.first(1))[0]?.data).toMatchObject({ jobId });
  });

  test("the header goes before the cookie", async () => {
    await using server = await startTestServer();
    const answer = await callRaw(server.url, "jobs.list", {
      method: "GET",
      token: "nonsense",
      headers: { cookie: `jobwire_token=${await signTestToken(alice)}` },
    });
    expect(answer.status).toBe(401);
  });

  test("an empty cookie and empty connectionParams are no token", async () => {
    await using server = await startTestServer();
    const listWith = (token: string) => {
      const params = encodeURIComponent(JSON.stringify({ token }));
      const headers = { cookie: "jobwire_token=; theme=dark" };
      return callRaw(server.url, `jobs.list?connectionParams=${params}`, { method: "GET", headers });
    };
    expect((await listWith(await server.token("alice"))).status).toBe(200);
    expect(errorOf(await listWith("")).data).toMatchObject({ reason: "TOKEN_MISSING" });
  });

  test("connectionParams that cannot be read are the caller's mistake (400)", async () => {
    await using server = await startTestServer();
    const call = await callRaw(server.url, "jobs.list?connectionParams=nonsense", { method: "GET" });
    expect(call.status).toBe(400);
    expect(errorOf(call).data).toMatchObject({ httpStatus: 400 });
    const refusals: unknown[] = [];
    for (const params of ["nonsense", "[1]", '"token"', '{"token":7}']) {
      const path = `jobs.feed?connectionParams=${encodeURIComponent(params)}`;
      await using stream = await openRawStream(server.url, path);
      const frame = await stream.until(({ event }) => event === "serialized-error");
      refusals.push(errorOfFrame(frame).data.httpStatus);
    }
    expect(refusals).toEqual([400, 400, 400, 400]);
  });

  test("a token without a role is a user's", async () => {
    await using server = await startTestServer();
    const client = server.client(await sign({ sub: "alice", exp: inOneHour() }));
    const job = await client.jobs.create.mutate({});
    expect(job.ownerId).toBe("alice");
    expect(await refusalOf(client.jobs.transition.mutate({ jobId: job.id, to: "failed" }))).toMatchObject({
      code: "FORBIDDEN",
    });
  });
});

describe("a token that expires while its stream is open", () => {
  test("ends the stream then, not as complete, and a fresh token resumes it", async () => {
    await using server = await startTestServer();
    const fresh = server.client(await signTestToken(alice));
    const { id: jobId } = await fresh.jobs.create.mutate({});
    const exp = Math.floor(Date.now() / 1000) + 3;
    const token = await sign({ ...alice, exp });
    await using stream = await openRawStream(server.url, "jobs.events", { token, input: { jobId } });
    const { id } = await stream.until((frame) => frame.id !== undefined);
    await stream.ended();
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    expect(Date.now()).toBeLessThan(exp * 1000 + 2000);
    expect(stream.frames.map(({ event }) => event)).not.toContain("return");

    const service = server.client(await signTestToken({ sub: "ci", role: "service" }));
    await service.jobs.transition.mutate({ jobId, to: "failed" });
    using resumed = watchJob(fresh, { jobId, lastEventId: id });
    expect(await resumed.completed()).toHaveLength(2);
  });
});

describe("claims the operator asks for", () => {
  const issued = { ...alice, aud: "jobwire", iss: "https://id.example.com" };
  const environment = { JWT_AUDIENCE: "jobwire", JWT_ISSUER: "https://id.example.com" };
  const refused: Record<string, Record<string, unknown>> = {
    "without an audience": { ...issued, aud: undefined },
    "for another audience": { ...issued, aud: "billing" },
    "for an audience that begins alike": { ...issued, aud: "jobwire-staging" },
    "for no audience at all": { ...issued, aud: [] },
    "without an issuer": { ...issued, iss: undefined },
    "of another issuer": { ...issued, iss: "https://evil.example.com" },
  };

  test.each(Object.entries(refused))("a token %s is refused", async (_, claims) => {
    await using server = await startTestServer(environment);
    const client = server.client(await sign({ ...claims, exp: inOneHour() }));
    expect(await refusalOf(client.jobs.list.query())).toMatchObject({
      code: "UNAUTHORIZED",
      reason: "TOKEN_INVALID",
    });
  });

  test("a token that has them is accepted, also one for several audiences, and so are the server's own", async () => {
    await using server = await startTestServer(environment);
    for (const aud of ["jobwire", ["billing", "jobwire"]]) {
      const client = server.client(await sign({ ...issued, aud, exp: inOneHour() }));
      expect((await client.jobs.list.query()).items).toEqual([]);
    }
    const { client } = await server.newUser();
    expect((await client.jobs.list.query()).items).toEqual([]);
  });
});
