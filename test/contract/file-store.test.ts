import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Cursor } from "@jobwire/shared";
import { ClassicLevel } from "classic-level";
import { describe, expect, test } from "vitest";
import { openFileStore } from "../../server/src/store/file-store.js";
import { builtProgram } from "../support/build-programs.js";
import { newFolder } from "../support/new-folder.js";
import { upTo } from "./store-fixtures.js";

/** O6: what a killed process had acknowledged is there when the folder is opened again. */

const callers = 4;
/** For a superuser nothing is forbidden. */
const asNobody = process.getuid?.() === 0 ? "65534" : undefined;
const scope = "files";
const open = (folder: string, maxEvents = 100) => openFileStore({ folder, maxEvents, onReachable: () => {} });

describe("a store in a folder", () => {
  test.each(Array.from({ length: 10 }, (_, index) => 2 * index + 1))(
    "whose process is killed while it commits, at moment %i, has all that was acknowledged, once and in order",
    async (moment) => {
      const folder = await newFolder();
      // So many answers later it is killed: in the first writes, in a sync, in a compaction of some megabytes.
      const acknowledged = new Map<string, number>();
      for (let round = 0; round < 2; round++) {
        await writeUntil(
          folder,
          [],
          (lines) => lines.length > 1 + moment ** 2 * 8,
          (line) => {
            const [, topic = "", number = "0"] = /^(topic \d+)#(\d+) /.exec(line) ?? [];
            acknowledged.set(topic, Number(number));
          },
        );
        await using store = await open(folder);
        for (let caller = 0; caller < callers; caller++) {
          const topic = `topic ${caller}`;
          const replay = await store.replay({ scope, topic }, null, upTo(1000));
          if (replay.kind === "gap") throw new Error("From the oldest event there is no gap.");
          const { offset } = replay.head.cursor;
          // What was under way when it was killed may be there.
          expect([0, 1]).toContain(offset - (acknowledged.get(topic) ?? 0));
          const numbers = Array.from(
            { length: Math.min(offset, 100) },
            (_, index) => Math.max(0, offset - 100) + index + 1,
          );
          expect(replay.entries.map(({ offset: at, type }) => [at, type])).toEqual(
            numbers.map((number) => [number, `${topic}#${number}`]),
          );
          const state = offset === 0 ? null : { count: String(offset) };
          expect(await store.readState({ scope, key: topic })).toEqual(state);
          const [here, away] = offset % 2 ? ["odd", "even"] : ["even", "odd"];
          if (offset > 0) expect((await list(store, here)).includes(topic)).toBe(true);
          expect((await list(store, away)).includes(topic)).toBe(false);
        }
      }
    },
  );

  test("goes on by itself when a write has failed, refuses calls until then, and tells each event once", async () => {
    const folder = await newFolder();
    const limited = ["bash", "-c", `ulimit -f 3000; exec "$@"`, "limited"];
    const lines = await writeUntil(
      folder,
      limited,
      (all) => all.at(-1) === "done",
      () => {},
      ["20000", "150"],
    );
    expect(lines).toContain("unreachable");
    expect(lines).toContain("refused STORE_UNAVAILABLE");
    expect(lines).toContain("reachable");
    for (let caller = 0; caller < callers; caller++) {
      const all = Array.from({ length: 150 }, (_, index) => `topic ${caller}#${index + 1}`);
      expect(lines.filter((line) => line.startsWith(`heard topic ${caller}#`))).toEqual(
        all.map((type) => `heard ${type}`),
      );
    }
  });

  test("loses a last record that was torn, which nobody had an answer for, and nothing else", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    for (let number = 1; number <= 3; number++)
      await store.commit({
        scope,
        events: [{ topic: "t", type: `event ${number}`, body: "x".repeat(1000) }],
      });
    await store[Symbol.asyncDispose]();
    const newest = await newestLogOf(folder);
    const { size } = await stat(newest);
    await truncate(newest, size - 500);
    await using again = await open(folder);
    const replay = await again.replay({ scope, topic: "t" }, null, upTo(10));
    expect(replay).toMatchObject({ kind: "events", entries: [{ type: "event 1" }, { type: "event 2" }] });
  });

  test.each([
    ["an event", "entry!", "3", ["trimmed up to 3", "event 4", "event 5"]],
    ["its newest event", "entry!", "5", ["trimmed up to 5"]],
    ["all events", "entry!", "", ["trimmed up to 5"]],
    ["where its log ends", "log!", "", ["event 2", "event 3", "event 4", "event 5"]],
  ])("whose disk has lost %s says so, and gives nothing twice", async (_, kind, end, following) => {
    const folder = await newFolder();
    const event = (number: number) => ({ topic: "t", type: `event ${number}`, body: "" });
    const store = await open(folder);
    await store.commit({ scope, events: [1, 2].map(event) });
    const early = new Map<string, unknown>();
    await store[Symbol.asyncDispose]();
    await inDatabase(folder, async (database) => {
      for await (const [key, value] of database.iterator()) early.set(key, value);
    });
    const second = await open(folder);
    await second.commit({ scope, events: [3, 4, 5].map(event) });
    const { epoch } = (await second.head({ scope, topic: "t" })).cursor;
    await second[Symbol.asyncDispose]();
    await inDatabase(folder, async (database) => {
      for await (const key of database.keys()) {
        if (!key.startsWith(kind) || !key.endsWith(end)) continue;
        await (kind === "log!" ? database.put(key, early.get(key)) : database.del(key));
      }
    });
    for (const newest of [6, 7]) {
      await using again = await open(folder);
      await again.commit({ scope, events: [event(newest)] });
      following.push(`event ${newest}`);
      expect(await readOn(again, { epoch, offset: 1 })).toEqual(following);
    }
  });

  test("whose file is damaged in the middle gives what follows the damage, once and in order", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    for (let number = 1; number <= 100; number++)
      await store.commit({
        scope,
        events: [{ topic: "t", type: `event ${number}`, body: "x".repeat(1000) }],
      });
    const { epoch } = (await store.head({ scope, topic: "t" })).cursor;
    await store[Symbol.asyncDispose]();
    const file = await newestLogOf(folder);
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0, bytes.length / 2, bytes.length / 2 + 50));
    await using again = await open(folder);
    const [gap = "", ...events] = await readOn(again, { epoch, offset: 1 });
    const trimmed = Number(/^trimmed up to (\d+)$/.exec(gap)?.[1]);
    expect(trimmed).toBeLessThan(100);
    expect(events).toEqual(
      Array.from({ length: 100 - trimmed }, (_, index) => `event ${trimmed + 1 + index}`),
    );
  });

  test("opens with rubbish behind its last record", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    await store.commit({ scope, events: [{ topic: "t", type: "event", body: "" }] });
    await store[Symbol.asyncDispose]();
    await appendFile(await newestLogOf(folder), Buffer.alloc(100, 7));
    await using again = await open(folder);
    expect(await again.head({ scope, topic: "t" })).toMatchObject({ cursor: { offset: 1 } });
  });

  test("forgets what has come to its end while nobody had it open", async () => {
    const folder = await newFolder();
    const store = await open(folder);
    await store.commit({
      scope,
      state: { key: "k", expect: "absent", set: { a: "1" } },
      events: [{ topic: "t", type: "event", body: "", last: true }],
      retainMs: 1,
    });
    await store[Symbol.asyncDispose]();
    await using again = await open(folder);
    expect(await again.readState({ scope, key: "k" })).toBeNull();
    expect(await again.head({ scope, topic: "t" })).toMatchObject({ cursor: { offset: 0 }, closed: false });
  });

  test("is open in one process at a time, and the second says so", async () => {
    const folder = await newFolder();
    await using first = await open(folder);
    await expect(open(folder)).rejects.toThrow(
      `The data folder ${folder} cannot be used: process ${process.pid} has it open.`,
    );
    await first.ping();
  });

  test("of a newer version is refused and left as it is", async () => {
    const folder = await newFolder();
    await (await open(folder))[Symbol.asyncDispose]();
    await inDatabase(folder, (database) => database.put("format", 2));
    await expect(open(folder)).rejects.toThrow(/it has format 2, and this Jobwire knows format 1/);
  });

  test("that holds what cannot be read is refused, says what it is, and is let go of", async () => {
    const folder = await newFolder();
    await (await open(folder))[Symbol.asyncDispose]();
    await inDatabase(folder, (database) => database.put('state!["s","k"]', { state: 1 }));
    await expect(open(folder)).rejects.toThrow(/cannot be used: what it holds is damaged.*state/s);
    await inDatabase(folder, (database) => database.del('state!["s","k"]'));
    await (await open(folder))[Symbol.asyncDispose]();
  });

  test("whose folder may not be written to says so and what to do", async () => {
    const folder = await newFolder();
    await chmod(folder, 0o555);
    const lines = await writeUntil(
      folder,
      [],
      () => false,
      () => {},
      [],
      { AS_USER: asNobody },
    );
    expect(lines.join()).toMatch(
      /The data folder .* cannot be used: .*permission denied.*the right to write/i,
    );
    await chmod(folder, 0o755);
  });

  test("whose folder cannot be made says which and why", async () => {
    const file = join(await newFolder(), "file");
    await writeFile(file, "");
    await expect(open(join(file, "data"))).rejects.toThrow(/The data folder .*file.data cannot be used: /);
  });

  test("makes its folder, also in one that is absent", async () => {
    const folder = join(await newFolder(), "a", "b");
    await using store = await open(folder);
    await store.ping();
    expect(await readdir(folder)).toContain("CURRENT");
  });
});

async function list(store: Awaited<ReturnType<typeof open>>, index: string | undefined): Promise<string[]> {
  const page = await store.listStates({ scope, index: index ?? "", order: "ascending", limit: 10 });
  return page.items.map(({ key }) => key);
}

async function inDatabase(
  folder: string,
  operate: (database: ClassicLevel<string, unknown>) => Promise<void>,
): Promise<void> {
  const database = new ClassicLevel<string, unknown>(folder, { valueEncoding: "json" });
  await operate(database);
  await database.close();
}

/** The types of all that follows, and where something is missing. */
async function readOn(store: Awaited<ReturnType<typeof open>>, after: Cursor): Promise<string[]> {
  const replay = await store.replay({ scope, topic: "t" }, after, upTo(1000));
  if (replay.kind === "events") return replay.entries.map(({ type }) => type);
  return [
    `${replay.reason} up to ${replay.resumeAfter.offset}`,
    ...(await readOn(store, replay.resumeAfter)),
  ];
}

async function newestLogOf(folder: string): Promise<string> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith(".log")).toSorted();
  return join(folder, logs.at(-1) ?? "");
}

/** Runs the writer until `isEnough` of its lines, and then kills it. */
async function writeUntil(
  folder: string,
  prefix: readonly string[],
  isEnough: (lines: readonly string[]) => boolean,
  onLine: (line: string) => void,
  sizes: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<readonly string[]> {
  const node = [process.execPath, builtProgram("test/contract/file-writer.ts")];
  const [command = "", ...args] = [...prefix, ...node, folder, String(callers), ...sizes];
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    onLine(line);
    if (isEnough(lines)) child.kill("SIGKILL");
  }
  await exited;
  return lines;
}
