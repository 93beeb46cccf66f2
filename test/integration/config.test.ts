import { readConfig, startServer, withDataFolder } from "@jobwire/server";
import { describe, expect, test } from "vitest";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";

/** The text of the error that lists what is wrong. */
function complaintOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("The configuration was accepted.");
}

describe("configuration", () => {
  test("nothing needs to be set", () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      isProduction: false,
      host: "127.0.0.1",
      port: 3000,
      redisUrl: undefined,
      jwtSecret: undefined,
      logLevel: "info",
      historyMaxEvents: 1000,
      historyTtlMs: 86_400_000,
      runsWorker: true,
    });
  });

  test("an empty variable is one that is not set, and others' variables do not matter", () => {
    expect(readConfig({ PORT: " ", REDIS_URL: "", JWT_SECRET: "", PATH: "/bin", HOME: "/" })).toEqual(
      readConfig({}),
    );
  });

  test("a program's folder is taken when no other place is named", () => {
    expect(readConfig(withDataFolder({}, "data"))).toMatchObject({ dataFolder: "data" });
    expect(readConfig(withDataFolder({ JOBWIRE_DATA: " " }, "data"))).toMatchObject({ dataFolder: "data" });
    expect(readConfig(withDataFolder({ JOBWIRE_DATA: "off" }, "data"))).toMatchObject({
      dataFolder: undefined,
    });
    expect(readConfig(withDataFolder({ JOBWIRE_DATA: "mine" }, "data"))).toMatchObject({
      dataFolder: "mine",
    });
    expect(readConfig(withDataFolder({ REDIS_URL: "redis://r" }, "data"))).toMatchObject({
      dataFolder: undefined,
    });
  });

  test("Redis and a folder exclude each other", () => {
    expect(complaintOf({ REDIS_URL: "redis://r", JOBWIRE_DATA: "data" })).toContain("JOBWIRE_DATA");
    expect(readConfig({ REDIS_URL: "redis://r", JOBWIRE_DATA: "off" })).toMatchObject({
      redisUrl: "redis://r",
    });
  });

  test("several processes need Redis, and are told why", () => {
    expect(readConfig({})).toMatchObject({ processes: 1 });
    expect(readConfig({ JOBWIRE_PROCESSES: "1" })).toMatchObject({ processes: 1 });
    expect(readConfig({ JOBWIRE_PROCESSES: "3", REDIS_URL: "redis://r" })).toMatchObject({ processes: 3 });
    const { processes } = readConfig({ JOBWIRE_PROCESSES: "auto", REDIS_URL: "redis://r" });
    expect(processes).toBeGreaterThanOrEqual(1);
    for (const env of [{}, { JOBWIRE_DATA: "data" }])
      expect(complaintOf({ ...env, JOBWIRE_PROCESSES: "2" })).toMatch(/JOBWIRE_PROCESSES|needs REDIS_URL/);
  });

  test("it cannot be changed afterwards", () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  test.each([
    ["PORT", "abc"],
    ["PORT", "65536"],
    ["PORT", "-1"],
    ["PORT", "80.5"],
    ["NODE_ENV", "prod"],
    ["REDIS_URL", "http://127.0.0.1"],
    ["REDIS_URL", "127.0.0.1:6379"],
    ["JWT_JWKS_URL", "ftp://keys.example/jwks.json"],
    ["LOG_LEVEL", "loud"],
    ["SSE_HEARTBEAT_MS", "0"],
    ["SSE_HEARTBEAT_MS", "soon"],
    ["SSE_HEARTBEAT_MS", "2147483648"],
    ["SSE_SEND_TIMEOUT_MS", "0"],
    ["SSE_SEND_TIMEOUT_MS", "2147483648"],
    ["SSE_MAX_BUFFERED_BYTES", "1MB"],
    ["SSE_MAX_CONNECTIONS", "0"],
    ["SSE_MAX_CONNECTIONS_PER_USER", "-1"],
    ["TASK_DRAIN_MS", "-1"],
    ["TASKS_MAX_RUNNING", "0"],
    ["TASKS_MAX_RUNNING_PER_USER", "many"],
    ["TESTING", "perhaps"],
    ["CALLS_PER_MINUTE", "0"],
    ["CALLS_PER_MINUTE_PER_USER", "many"],
    ["DRAIN_MS", "-1"],
    ["DRAIN_MS", "2147483648"],
    ["HISTORY_MAX_EVENTS", "0"],
    ["HISTORY_TTL_S", "-5"],
    ["CORS_ORIGINS", "https://app.example.com, app.example.com"],
    ["JOBWIRE_WORKER", "yes"],
    ["CORS_ORIGINS", "https://app.example.com/page"],
    ["CORS_ORIGINS", "https://app.example.com?x=1"],
    ["CORS_ORIGINS", "https://app.example.com/?"],
    ["CORS_ORIGINS", "https://app.example.com/#top"],
    ["CORS_ORIGINS", "https://me@app.example.com"],
    ["CORS_ORIGINS", "https://*.example.com"],
    ["CORS_ORIGINS", "*"],
    ["CORS_ORIGINS", "ftp://app.example.com"],
    ["CORS_ORIGINS", "null"],
    ["TRUST_PROXY", "proxy.example.com"],
    ["TRUST_PROXY", "10.0.0.0/33"],
    ["TRUST_PROXY", "10.0.0.1, everybody"],
    ["METRICS_TOKEN", "short"],
    ["JOBWIRE_PROCESSES", "0"],
    ["JOBWIRE_PROCESSES", "many"],
    ["JOBWIRE_PROCESS_MAX_MB", "1"],
    ["JOBWIRE_DEV_CODE", "short"],
  ])("%s=%s is refused by name", (name, value) => {
    expect(complaintOf({ [name]: value })).toContain(name);
  });

  /** Each number with the ends of its range. */
  const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
    PORT: [0, 65_535],
    JWT_LEEWAY_S: [0, 600],
    SSE_HEARTBEAT_MS: [1, 3_600_000],
    SSE_MAX_BUFFERED_BYTES: [1, 1_000_000_000],
    SSE_SEND_TIMEOUT_MS: [1, 2_147_483_647],
    SSE_MAX_CONNECTIONS: [1, 1_000_000_000],
    SSE_MAX_CONNECTIONS_PER_USER: [1, 1_000_000_000],
    CALLS_PER_MINUTE: [1, 1_000_000_000],
    CALLS_PER_MINUTE_PER_USER: [1, 1_000_000_000],
    DRAIN_MS: [0, 2_147_483_647],
    HISTORY_MAX_EVENTS: [1, 1_000_000_000],
    HISTORY_MAX_BYTES: [1024, 1_073_741_824],
    HISTORY_TTL_S: [1, 3_153_600_000],
    TASK_DRAIN_MS: [0, 2_147_483_647],
    TASKS_MAX_RUNNING: [1, 1_000_000_000],
    TASKS_MAX_RUNNING_PER_USER: [1, 1_000_000_000],
  };

  test.each(Object.entries(ranges))("%s has a range: %j, and nothing beside it", (name, [min, max]) => {
    for (const value of [min, max]) expect(() => readConfig({ [name]: String(value) })).not.toThrow();
    for (const value of [min - 1, max + 1, min + 0.5, "1e999", "Infinity", "NaN", "0x"])
      expect(complaintOf({ [name]: String(value) })).toContain(name);
  });

  test.each([
    ["https://app.example.com/", "https://app.example.com"],
    ["https://APP.Example.COM", "https://app.example.com"],
    ["HTTPS://app.example.com:443", "https://app.example.com"],
    ["http://app.example.com:80/", "http://app.example.com"],
    ["https://app.example.com:8443", "https://app.example.com:8443"],
    ["https://bücher.example", "https://xn--bcher-kva.example"],
    ["http://[::1]:3000/", "http://[::1]:3000"],
  ])("CORS_ORIGINS takes %s as browsers write it: %s", (given, origin) => {
    expect(readConfig({ CORS_ORIGINS: given }).corsOrigins).toEqual([origin]);
  });

  test.each([
    ["on", true],
    ["off", false],
    ["1", 1],
    ["2", 2],
    ["127.0.0.1", ["127.0.0.1"]],
    ["10.0.0.0/8, ::1, loopback", ["10.0.0.0/8", "::1", "loopback"]],
  ])("TRUST_PROXY=%s", (given, trusted) => {
    expect(readConfig({ TRUST_PROXY: given }).trustProxy).toEqual(trusted);
  });

  test("a code for development is refused in production", () => {
    const production = { NODE_ENV: "production", JWT_SECRET: testSecret };
    expect(complaintOf({ ...production, JOBWIRE_DEV_CODE: "x".repeat(16) })).toContain("JOBWIRE_DEV_CODE");
  });

  test("every bad value is named at once", () => {
    const wrong = {
      PORT: "abc",
      REDIS_URL: "nonsense",
      LOG_LEVEL: "loud",
      JWT_JWKS_URL: "nonsense",
      SSE_HEARTBEAT_MS: "x",
      SSE_MAX_BUFFERED_BYTES: "x",
      SSE_SEND_TIMEOUT_MS: "x",
      SSE_MAX_CONNECTIONS: "x",
      SSE_MAX_CONNECTIONS_PER_USER: "x",
      CALLS_PER_MINUTE: "x",
      CALLS_PER_MINUTE_PER_USER: "x",
      DRAIN_MS: "x",
      TASK_DRAIN_MS: "x",
      TASKS_MAX_RUNNING: "x",
      TASKS_MAX_RUNNING_PER_USER: "x",
      TESTING: "x",
      HISTORY_MAX_EVENTS: "x",
      HISTORY_TTL_S: "x",
      CORS_ORIGINS: "nonsense",
      JOBWIRE_WORKER: "maybe",
      NODE_ENV: "prod",
    };
    const complaint = complaintOf(wrong);
    for (const name of Object.keys(wrong)) expect(complaint).toContain(name);
  });

  test("a bad value does not hide that production has no secret", () => {
    const complaint = complaintOf({ NODE_ENV: "production", PORT: "abc" });
    expect(complaint).toContain("PORT");
    expect(complaint).toContain("JWT_SECRET");
  });

  test("a bad value does not hide that two sources of keys are set", () => {
    const complaint = complaintOf({
      JWT_SECRET: testSecret,
      JWT_JWKS_URL: "https://keys.example/jwks.json",
      PORT: "abc",
    });
    expect(complaint).toContain("PORT");
    expect(complaint).toContain("JWT_JWKS_URL");
  });

  test("production without a secret or a key server is refused, with how to mend it", () => {
    const complaint = complaintOf({ NODE_ENV: "production" });
    expect(complaint).toContain("JWT_SECRET");
    expect(complaint).toContain("JWT_JWKS_URL");
    expect(complaintOf({ NODE_ENV: "production", JWT_SECRET: "short" })).toContain("JWT_SECRET");
    expect(readConfig({ NODE_ENV: "production", JWT_SECRET: testSecret }).isProduction).toBe(true);
    expect(
      readConfig({ NODE_ENV: "production", JWT_JWKS_URL: "https://keys.example/jwks.json" }).isProduction,
    ).toBe(true);
  });

  test("a short secret will do for development", async () => {
    await using server = await startTestServer({ JWT_SECRET: "s3cret" });
    const token = await signTestToken({ sub: "alice", role: "user" }, "s3cret");
    expect(await server.client(token).jobs.list.query()).toEqual({ items: [], nextCursor: null });
  });

  test("a secret is never repeated in a complaint", () => {
    const complaint = complaintOf({ NODE_ENV: "production", JWT_SECRET: "hunter2" });
    expect(complaint).toContain("JWT_SECRET");
    expect(complaint).not.toContain("hunter2");
  });

  test("of two sources of keys one must go", () => {
    expect(complaintOf({ JWT_SECRET: testSecret, JWT_JWKS_URL: "https://keys.example/jwks.json" })).toContain(
      "not both",
    );
  });

  test("origins are given separated by commas, and only these may call from a browser", async () => {
    const origins = "https://app.example.com, https://admin.example.com";
    expect(readConfig({ CORS_ORIGINS: origins }).corsOrigins).toEqual(origins.split(", "));
    await using server = await startTestServer({ CORS_ORIGINS: origins });
    const allowedFor = async (origin: string) =>
      (await fetch(`${server.url}/healthz`, { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      );
    expect(await allowedFor("https://admin.example.com")).toBe("https://admin.example.com");
    expect(await allowedFor("https://evil.example")).toBeNull();
  });

  test("a port that is taken is said at once", async () => {
    await using server = await startTestServer();
    const { port } = new URL(server.url);
    await expect(startServer(readConfig({ PORT: port, LOG_LEVEL: "silent" }))).rejects.toThrow(/EADDRINUSE/);
  });
});
