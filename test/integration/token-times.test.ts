import { describe, expect, test } from "vitest";
import { SignJWT } from "jose";
import { openRawStream } from "../support/raw-http.js";
import { refusalOf } from "../support/test-client.js";
import { startTestServer, testSecret } from "../support/test-server.js";

const key = new TextEncoder().encode(testSecret);
const alice = { sub: "alice", role: "user" } as const;

function sign(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(key);
}

describe("a token whose times are far or near", () => {
  const now = () => Math.floor(Date.now() / 1000);

  test.each([
    ["ends after the last date there is", () => ({ exp: 8.64e12 + 1 })],
    ["ends at the greatest number", () => ({ exp: Number.MAX_VALUE })],
    ["ends in ten thousand years", () => ({ exp: now() + 315_360_000_000 })],
    ["ends in the middle of a second", () => ({ exp: now() + 3600.5 })],
    ["begins in three seconds, by a clock that is ahead", () => ({ exp: now() + 3600, nbf: now() + 3 })],
    ["was made in three seconds, by a clock that is ahead", () => ({ exp: now() + 3600, iat: now() + 3 })],
  ])("and %s is taken, and its stream has heartbeats", async (_, times) => {
    await using server = await startTestServer({ SSE_HEARTBEAT_MS: "20" });
    const token = await sign({ ...alice, ...times() });
    await using stream = await openRawStream(server.url, "jobs.feed", { token });
    await stream.until(({ event }) => event === "connected");
    await stream.until(({ event }) => event === "ping");
  });

  test("JWT_LEEWAY_S says how far the clock of who made it may be ahead", async () => {
    const token = await sign({ ...alice, exp: now() + 3600, nbf: now() + 30 });
    await using patient = await startTestServer({ JWT_LEEWAY_S: "60" });
    expect((await patient.client(token).jobs.list.query()).items).toEqual([]);
    await using strict = await startTestServer({ JWT_LEEWAY_S: "0" });
    expect(await refusalOf(strict.client(token).jobs.list.query())).toMatchObject({
      reason: "TOKEN_INVALID",
    });
  });
});
