import { afterAll, describe, expect, test } from "vitest";
import { AppError } from "../../server/src/app-error.js";
import { redisErrorToken, toStoreError } from "../../server/src/store/redis-error.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { startSwitch } from "../support/tcp-switch.js";
import { RecordingListener, accept, eventually, newEvent, newTopic } from "./store-fixtures.js";

const sha = "b3d304d9cedd09bc11fc95cc113cab1bf9e76a8f";

function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

/** What a server says to a command by itself. */
const plain = {
  READONLY: "READONLY You can't write against a read only replica.",
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  MISCONF: "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
  NOREPLICAS: "NOREPLICAS Not enough good replicas to write.",
  CLUSTERDOWN: "CLUSTERDOWN The cluster is down",
  LOADING: "LOADING Redis is loading the dataset in memory",
  MASTERDOWN: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  TRYAGAIN: "TRYAGAIN Multiple keys request during rehashing of slot",
  BUSY: "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
  UNBLOCKED: "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
  MOVED: "MOVED 3999 127.0.0.1:6381",
  ASK: "ASK 3999 127.0.0.1:6381",
  NOAUTH: "NOAUTH Authentication required.",
  WRONGPASS: "WRONGPASS invalid username-password pair or user is disabled.",
  NOPERM: "NOPERM this user has no permissions to run the 'xadd' command",
} as const;

/** How servers wrap what a command within a script was answered. */
const shapes = {
  "by itself": (text: string) => text,
  "in a script of 7": (text: string) => `${text} script: ${sha}, on @user_script:38.`,
  "in a script of 6.2": (text: string) =>
    `ERR Error running script (call to f_${sha}): @user_script:38: @user_script: 38: -${text}`,
} as const;

describe.each(Object.entries(shapes))("an answer of Redis %s", (_, wrap) => {
  test.each(Object.entries(plain))(
    "is told by its token: %s means that the store is not there now",
    (token, text) => {
      const error = replyError(wrap(text));
      expect(redisErrorToken(error)).toBe(token);
      const stored = toStoreError(error);
      expect(stored).toBeInstanceOf(AppError);
      expect(stored).toMatchObject({ reason: "STORE_UNAVAILABLE", cause: error });
    },
  );

  test("that a key is at another node means that the store is not there now: its slot is on the way", () => {
    const text = "ERR Script attempted to access a non local key in a cluster node";
    expect(toStoreError(replyError(wrap(text)))).toMatchObject({ reason: "STORE_UNAVAILABLE" });
  });

  test.each([
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "ERR wrong number of arguments for 'get' command",
    "CROSSSLOT Keys in request don't hash to the same slot",
    "NOSCRIPT No matching script. Please use EVAL.",
    "ERR unknown command 'X', with args beginning with: '-READONLY You' 'OOM ' ",
  ])("that is a defect of ours stays one: %s", (text) => {
    const error = replyError(wrap(text));
    expect(toStoreError(error)).toBe(error);
  });
});

test.each([
  "ERR The user executing the script can't run this command or subcommand script: x, on @user_script:38.",
  "The user executing the script can't access at least one of the keys mentioned in the command arguments",
  `ERR Error running script (call to f_${sha}): @user_script:3: The user executing the script can't run this command or subcommand`,
  "ERR ACL failure in script: User jobwire has no permissions to run the 'xadd' command script: x, on @user_script:1.",
])("a right that is missing within a script is told from a defect: %s", (text) => {
  expect(redisErrorToken(replyError(text))).toBe("NOPERM");
});

test.each([new Error("Connection is closed."), new Error("Command timed out"), "READONLY"])(
  "what is no answer means that the store is not there now: %s",
  (error) => {
    expect(redisErrorToken(error)).toBeNull();
    expect(toStoreError(error)).toMatchObject({ reason: "STORE_UNAVAILABLE" });
  },
);

describe.skipIf(!hasRedisServer())("a master that becomes a replica whose master is nowhere", () => {
  const started: AsyncDisposable[] = [];
  afterAll(async () => {
    for (const each of started) await each[Symbol.asyncDispose]();
  });

  /** Two servers behind one address that leads to the first of them. */
  async function startPair() {
    const [old, next] = [await RedisProcess.start(), await RedisProcess.start()];
    const line = await startSwitch(old.port);
    started.push(line, old, next);
    return { old, next, line };
  }

  const demote = (redis: RedisProcess) => redis.ask((admin) => admin.replicaof("127.0.0.1", "1"));

  test("loses both connections of a process that only listens: it follows the next master and is told", async () => {
    const { old, next, line } = await startPair();
    await using reader = await openRedisStore({ url: line.url, maxEvents: 100, onReachable: () => {} });
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await reader.listen({ scope, topic }, listener);
    line.leadTo(next.port);
    await demote(old);
    await eventually(() => expect(listener.restorations).toBeGreaterThan(0));
    await using writer = await openRedisStore({
      url: `redis://127.0.0.1:${next.port}`,
      maxEvents: 100,
      onReachable: () => {},
    });
    for (let number = 1; number <= 30; number++)
      await accept(writer, { scope, events: [newEvent(topic, `e${number}`)] });
    await listener.until("e30");
    expect(listener.entries).toHaveLength(30);
  });

  test("is left by the process whose commit it refuses, with both connections", async () => {
    const { old, next, line } = await startPair();
    await using store = await openRedisStore({ url: line.url, maxEvents: 100, onReachable: () => {} });
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    line.leadTo(next.port);
    await demote(old);
    await eventually(() => accept(store, { scope, events: [newEvent(topic, "first")] }));
    for (let number = 1; number <= 30; number++)
      await accept(store, { scope, events: [newEvent(topic, `e${number}`)] });
    await listener.until("e30").catch(() => {});
    // Those of before its subscription was back are in the log, which it is told to look into.
    expect(listener.restorations).toBeGreaterThan(0);
    await accept(store, { scope, events: [newEvent(topic, "end")] });
    await listener.until("end");
  });

  test("whose commands alone have moved is noticed: what is published is not heard, so the subscriber moves too", async () => {
    const { next, line } = await startPair();
    await using store = await openRedisStore({ url: line.url, maxEvents: 100, onReachable: () => {} });
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    line.leadTo(next.port);
    line.cutOldest(); // the connection for commands was made first
    await eventually(() => expect(listener.restorations).toBeGreaterThan(0));
    await eventually(() => accept(store, { scope, events: [newEvent(topic, "end")] }));
    await listener.until("end");
  });
});
