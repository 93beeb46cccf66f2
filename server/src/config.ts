import { z } from "zod";
import { redisPlaceOf } from "./store/redis-options.js";
import { defaultMaxBytes } from "./store/store.js";

const port = z.coerce.number().int().min(0).max(65_535);
const positiveInteger = z.coerce.number().int().min(1);

const toggle = z.stringbool({
  truthy: ["on", "true", "1"],
  falsy: ["off", "false", "0"],
  error: "expected on or off",
});

const maxTimerMs = 2_147_483_647;
const duration = z.coerce.number().int().min(1).max(maxTimerMs);

type Environment = Readonly<Record<string, string | undefined>>;

const schema = z
  .object({
    NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
    HOST: z.string().min(1).default("127.0.0.1"),
    PORT: port.default(3000),
    /** Absent: the embedded in-memory store. */
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
    JWT_SECRET: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_JWKS_URL: z.url({ protocol: /^https?$/, error: "expected an http(s) URL" }).optional(),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
    SSE_HEARTBEAT_MS: z.coerce.number().int().min(1).max(3_600_000).default(15_000),
    SSE_MAX_BUFFERED_BYTES: positiveInteger.default(1_048_576),
    SSE_SEND_TIMEOUT_MS: duration.default(30_000),
    SSE_MAX_CONNECTIONS: positiveInteger.default(10_000),
    SSE_MAX_CONNECTIONS_PER_USER: positiveInteger.default(1000),
    /** Absent: the version of this build. */
    VERSION_URL: z.url({ protocol: /^https?$/, error: "expected an http(s) URL" }).optional(),
    CALLS_PER_MINUTE: positiveInteger.default(300_000),
    CALLS_PER_MINUTE_PER_USER: positiveInteger.default(30_000),
    DRAIN_MS: z.coerce.number().int().min(0).max(maxTimerMs).default(5000),
    HISTORY_MAX_EVENTS: positiveInteger.default(1000),
    HISTORY_MAX_BYTES: z.coerce.number().int().min(1024).max(1_073_741_824).default(defaultMaxBytes),
    HISTORY_TTL_S: positiveInteger.default(86_400),
    CORS_ORIGINS: z
      .string()
      .transform((text) =>
        text
          .split(",")
          .map((origin) => origin.trim())
          .filter((origin) => origin !== ""),
      )
      .pipe(
        z.array(z.url({ protocol: /^https?$/, error: "expected origins such as https://app.example.com" })),
      )
      .default([]),
    TASK_DRAIN_MS: z.coerce.number().int().min(0).max(maxTimerMs).default(10_000),
    TASKS_MAX_RUNNING: positiveInteger.default(16),
    TASKS_MAX_RUNNING_PER_USER: positiveInteger.default(4),
    TESTING: toggle.default(false),
    JOBWIRE_WORKER: toggle.default(true),
  })
  .transform((env) => ({
    isProduction: env.NODE_ENV === "production",
    host: env.HOST,
    port: env.PORT,
    redisUrl: env.REDIS_URL,
    jwtSecret: env.JWT_SECRET,
    jwksUrl: env.JWT_JWKS_URL,
    jwtClaims: { audience: env.JWT_AUDIENCE, issuer: env.JWT_ISSUER },
    logLevel: env.LOG_LEVEL,
    sse: {
      heartbeatMs: env.SSE_HEARTBEAT_MS,
      maxBufferedBytes: env.SSE_MAX_BUFFERED_BYTES,
      sendTimeoutMs: env.SSE_SEND_TIMEOUT_MS,
      maxConnections: env.SSE_MAX_CONNECTIONS,
      maxConnectionsPerUser: env.SSE_MAX_CONNECTIONS_PER_USER,
    },
    versionUrl: env.VERSION_URL,
    calls: { perUser: env.CALLS_PER_MINUTE_PER_USER, perProcess: env.CALLS_PER_MINUTE },
    drainMs: env.DRAIN_MS,
    historyMaxEvents: env.HISTORY_MAX_EVENTS,
    historyMaxBytes: env.HISTORY_MAX_BYTES,
    historyTtlMs: env.HISTORY_TTL_S * 1000,
    corsOrigins: env.CORS_ORIGINS,
    tasks: {
      drainMs: env.TASK_DRAIN_MS,
      maxRunning: env.TASKS_MAX_RUNNING,
      maxRunningPerOwner: env.TASKS_MAX_RUNNING_PER_USER,
    },
    isTesting: env.TESTING,
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

/** What is wrong between variables that are right each by itself. */
function contradictionsIn({ NODE_ENV, JWT_SECRET, JWT_JWKS_URL, TESTING }: Environment): z.core.$ZodIssue[] {
  const issues: z.core.$ZodIssue[] = [];
  const add = (name: string, message: string) =>
    issues.push({ code: "custom", path: [name], message, input: undefined });
  if (JWT_SECRET !== undefined && JWT_JWKS_URL !== undefined) {
    add("JWT_JWKS_URL", "set JWT_SECRET or JWT_JWKS_URL, not both");
  }
  if (NODE_ENV === "production" && JWT_JWKS_URL === undefined && (JWT_SECRET ?? "").length < 32) {
    add("JWT_SECRET", "production needs JWT_SECRET with 32 characters or more, or JWT_JWKS_URL");
  }
  if (NODE_ENV === "production" && TESTING !== undefined && toggle.safeParse(TESTING).data) {
    add("TESTING", "production has no testing endpoints; leave TESTING out");
  }
  return issues;
}
