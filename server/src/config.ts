import { availableParallelism } from "node:os";
import { isIP } from "node:net";
import { maxTimerMs } from "@jobwire/shared";
import { z } from "zod";
import { defaultPrefix } from "./store/redis-keys.js";
import { redisPlaceOf } from "./store/redis-options.js";
import { defaultMaxBytes } from "./store/store.js";

const port = z.coerce.number().int().min(0).max(65_535);
/** More than any machine has of anything. */
const positiveInteger = z.coerce.number().int().min(1).max(1_000_000_000);
/** What nobody guesses. */
const secret = z.string().min(16, "expected at least 16 characters").optional();

const toggle = z.stringbool({
  truthy: ["on", "true", "1"],
  falsy: ["off", "false", "0"],
  error: "expected on or off",
});

const duration = z.coerce.number().int().min(1).max(maxTimerMs);

const origins = z.string().transform((text, context) =>
  text.split(",").flatMap((part) => {
    const origin = part.trim();
    if (origin === "") return [];
    const read = readOrigin(origin);
    if (read === null)
      context.addIssue({
        code: "custom",
        message: `${JSON.stringify(origin)} is no origin: expected scheme, host and port only, such as https://app.example.com`,
      });
    return read ?? [];
  }),
);

/** As browsers write it: without a path, in lower case, without the default port. `null` when there is more to it. */
function readOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname, search, hash, username, password } = new URL(text);
  const isBare = pathname === "/" && search + hash + username + password === "" && !/[?#@*]/.test(text);
  return isBare && /^https?:$/.test(protocol) ? origin : null;
}

const trustProxy = z.string().transform((text, context): boolean | number | string[] => {
  const toggled = toggle.safeParse(text);
  // One proxy is what `1` means to proxies, not `on`.
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  if (toggled.success) return toggled.data;
  const addresses = text.split(",").map((part) => part.trim());
  if (addresses.every((address) => isProxyAddress(address))) return addresses;
  context.addIssue({
    code: "custom",
    message: "expected on, off, the number of proxies, or their addresses, such as 10.0.0.0/8, 127.0.0.1",
  });
  return z.NEVER;
});

function isProxyAddress(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

type Environment = Readonly<Record<string, string | undefined>>;

const schema = z
  .object({
    NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
    HOST: z.string().min(1).default("127.0.0.1"),
    PORT: port.default(3000),
    /** Absent: an embedded store. */
    REDIS_URL: z
      .string()
      .superRefine((url, context) => {
        try {
          redisPlaceOf(url);
        } catch (error) {
          context.addIssue({
            code: "custom",
            message: error instanceof Error ? error.message : String(error),
          });
        }
      })
      .optional(),
    /** A folder, or `off`: without Redis it keeps everything. */
    JOBWIRE_DATA: z.string().default("off"),
    /** What every key and channel in Redis begins with. */
    REDIS_PREFIX: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,32}$/, "expected 1 to 32 of the characters A-Z a-z 0-9 . _ -")
      .default(defaultPrefix),
    /** Where the headers of proxies are believed: Fastify's `trustProxy`. */
    TRUST_PROXY: trustProxy.default(false),
    JWT_SECRET: z.string().optional(),
    JWT_LEEWAY_S: z.coerce.number().int().min(0).max(600).default(5),
    JWT_AUDIENCE: z.string().optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_JWKS_URL: z.url({ protocol: /^https?$/, error: "expected an http(s) URL" }).optional(),
    JOBWIRE_DEV_CODE: secret,
    METRICS_TOKEN: secret,
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
    SSE_HEARTBEAT_MS: z.coerce.number().int().min(1).max(3_600_000).default(15_000),
    SSE_COALESCE_MS: z.coerce.number().int().min(0).max(1000).default(0),
    SSE_MAX_BUFFERED_BYTES: positiveInteger.default(1_048_576),
    SSE_SEND_TIMEOUT_MS: duration.default(30_000),
    SSE_MAX_CONNECTIONS: positiveInteger.default(10_000),
    SSE_MAX_CONNECTIONS_PER_USER: positiveInteger.default(1000),
    /** Is told of sessions that connect and disconnect. */
    SSE_CALLBACK_URL: z.url({ protocol: /^https?$/, error: "expected an http(s) URL" }).optional(),
    SSE_CALLBACK_SECRET: secret,
    /** Absent: the version of this build. */
    VERSION_URL: z.url({ protocol: /^https?$/, error: "expected an http(s) URL" }).optional(),
    CALLS_PER_MINUTE: positiveInteger.default(300_000),
    CALLS_PER_MINUTE_PER_USER: positiveInteger.default(30_000),
    DRAIN_MS: z.coerce.number().int().min(0).max(maxTimerMs).default(5000),
    HISTORY_MAX_EVENTS: positiveInteger.default(1000),
    HISTORY_MAX_BYTES: z.coerce.number().int().min(1024).max(1_073_741_824).default(defaultMaxBytes),
    HISTORY_TTL_S: z.coerce.number().int().min(1).max(3_153_600_000).default(86_400),
    CORS_ORIGINS: origins.default([]),
    /** Where the page may load pictures from. */
    PICTURE_ORIGINS: origins.default([]),
    JOBS_MAX_OPEN_PER_USER: positiveInteger.default(1000),
    OUTPUT_MAX_BYTES: z.coerce.number().int().min(65_536).max(1_073_741_824).default(4_194_304),
    SESSIONS_MAX_PER_USER: positiveInteger.default(100),
    TASK_DRAIN_MS: z.coerce.number().int().min(0).max(maxTimerMs).default(10_000),
    TASKS_MAX_RUNNING: positiveInteger.default(16),
    TASKS_MAX_RUNNING_PER_USER: positiveInteger.default(4),
    TESTING: toggle.default(false),
    TRACING: toggle.default(false),
    JOBWIRE_WORKER: toggle.default(true),
    JOBWIRE_PROCESSES: z
      .union([z.literal("auto"), z.coerce.number().int().min(1).max(256)], {
        error: "expected a number from 1 to 256, or auto",
      })
      .default(1),
    JOBWIRE_PROCESS_MAX_MB: z.coerce.number().int().min(64).max(1_048_576).optional(),
  })
  .transform((env) => ({
    isProduction: env.NODE_ENV === "production",
    host: env.HOST,
    port: env.PORT,
    processes: env.JOBWIRE_PROCESSES === "auto" ? availableParallelism() : env.JOBWIRE_PROCESSES,
    processMaxMegabytes: env.JOBWIRE_PROCESS_MAX_MB,
    redisUrl: env.REDIS_URL,
    /** Absent, and no Redis either: the store in memory. */
    dataFolder: env.JOBWIRE_DATA === "off" ? undefined : env.JOBWIRE_DATA,
    redisPrefix: env.REDIS_PREFIX,
    jobsMaxOpenPerUser: env.JOBS_MAX_OPEN_PER_USER,
    outputMaxBytes: env.OUTPUT_MAX_BYTES,
    sessionsMaxPerUser: env.SESSIONS_MAX_PER_USER,
    jwtSecret: env.JWT_SECRET,
    jwksUrl: env.JWT_JWKS_URL,
    jwtClaims: { audience: env.JWT_AUDIENCE, issuer: env.JWT_ISSUER, leewayS: env.JWT_LEEWAY_S },
    developmentCode: env.JOBWIRE_DEV_CODE,
    metricsToken: env.METRICS_TOKEN,
    trustProxy: env.TRUST_PROXY,
    coalesceMs: env.SSE_COALESCE_MS,
    logLevel: env.LOG_LEVEL,
    sse: {
      heartbeatMs: env.SSE_HEARTBEAT_MS,
      maxBufferedBytes: env.SSE_MAX_BUFFERED_BYTES,
      sendTimeoutMs: env.SSE_SEND_TIMEOUT_MS,
      maxConnections: env.SSE_MAX_CONNECTIONS,
      maxConnectionsPerUser: env.SSE_MAX_CONNECTIONS_PER_USER,
    },
    callbackUrl: env.SSE_CALLBACK_URL,
    callbackSecret: env.SSE_CALLBACK_SECRET,
    versionUrl: env.VERSION_URL,
    calls: { perUser: env.CALLS_PER_MINUTE_PER_USER, perProcess: env.CALLS_PER_MINUTE },
    drainMs: env.DRAIN_MS,
    historyMaxEvents: env.HISTORY_MAX_EVENTS,
    historyMaxBytes: env.HISTORY_MAX_BYTES,
    historyTtlMs: env.HISTORY_TTL_S * 1000,
    corsOrigins: env.CORS_ORIGINS,
    pictureOrigins: env.PICTURE_ORIGINS,
    tasks: {
      drainMs: env.TASK_DRAIN_MS,
      maxRunning: env.TASKS_MAX_RUNNING,
      maxRunningPerOwner: env.TASKS_MAX_RUNNING_PER_USER,
    },
    isTesting: env.TESTING,
    isTracing: env.TRACING,
    runsWorker: env.JOBWIRE_WORKER,
  }));

/** What the environment says, once validated. Names and defaults: docs/configuration.md. */
export type Config = Readonly<z.output<typeof schema>>;

/** @throws Error that names every variable that is wrong and how to mend it. */
export function readConfig(env: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
  const parsed = schema.safeParse(given);
  const issues = [...(parsed.error?.issues ?? []), ...contradictionsIn(given)];
  if (!parsed.success || issues.length > 0) {
    throw new Error(`Invalid configuration\n${z.prettifyError(new z.ZodError(issues))}`);
  }
  return Object.freeze(parsed.data);
}

/** For a program that keeps its data in this folder when its environment names no other place. */
export function withDataFolder(env: Environment, folder: string | undefined): Environment {
  const isPlaceNamed = [env.REDIS_URL, env.JOBWIRE_DATA].some((place) => place?.trim());
  return isPlaceNamed || folder === undefined ? env : { ...env, JOBWIRE_DATA: folder };
}

/** What is wrong between variables that are right each by itself. */
function contradictionsIn(env: Environment): z.core.$ZodIssue[] {
  const { NODE_ENV, JWT_SECRET, JWT_JWKS_URL, TESTING, REDIS_URL } = env;
  const { JOBWIRE_DATA, JOBWIRE_DEV_CODE, JOBWIRE_PROCESSES, SSE_CALLBACK_URL, SSE_CALLBACK_SECRET } = env;
  const issues: z.core.$ZodIssue[] = [];
  const add = (name: string, message: string) =>
    issues.push({ code: "custom", path: [name], message, input: undefined });
  if (JWT_SECRET !== undefined && JWT_JWKS_URL !== undefined) {
    add("JWT_JWKS_URL", "set JWT_SECRET or JWT_JWKS_URL, not both");
  }
  if (JOBWIRE_PROCESSES !== undefined && JOBWIRE_PROCESSES !== "1" && REDIS_URL === undefined) {
    add(
      "JOBWIRE_PROCESSES",
      "more than one process needs REDIS_URL: processes share everything through Redis",
    );
  }
  if (REDIS_URL !== undefined && JOBWIRE_DATA !== undefined && JOBWIRE_DATA !== "off") {
    add("JOBWIRE_DATA", "set REDIS_URL or JOBWIRE_DATA, not both");
  }
  if (SSE_CALLBACK_URL !== undefined && SSE_CALLBACK_SECRET === undefined) {
    add("SSE_CALLBACK_SECRET", "SSE_CALLBACK_URL needs SSE_CALLBACK_SECRET, with which calls are signed");
  }
  if (NODE_ENV === "production" && JWT_JWKS_URL === undefined && (JWT_SECRET ?? "").length < 32) {
    add("JWT_SECRET", "production needs JWT_SECRET with 32 characters or more, or JWT_JWKS_URL");
  }
  if (NODE_ENV === "production" && TESTING !== undefined && toggle.safeParse(TESTING).data) {
    add("TESTING", "production has no testing endpoints; leave TESTING out");
  }
  if (NODE_ENV === "production" && JOBWIRE_DEV_CODE !== undefined) {
    add("JOBWIRE_DEV_CODE", "production hands out no development tokens; leave JOBWIRE_DEV_CODE out");
  }
  return issues;
}
