import { redisStore } from "@jobwire/server/topics";
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { FaultProxy } from "../faults/support/fault-proxy.js";
import { Random } from "../faults/support/random.js";
import { AppointmentAccount } from "./appointment-account.js";
import { AppointmentRun } from "./appointment-run.js";
import { openAppointments, retainMs } from "./appointments.js";
import { describeOnRedis, newPrefix } from "./stores.js";

const seed = Number(process.env.JOBWIRE_FAULT_SEED ?? 1 + Math.floor(Math.random() * 999_999_999));
const actions = Number(process.env.JOBWIRE_ACTIONS ?? 60);
const patience = { timeout: 30_000, interval: 50 };

describeOnRedis(
  `what happens by itself, over three processes of which two lose Redis, seed ${seed},`,
  (redis) => {
    test("happens once and at no wrong time, and all that has ended is kept its time and then gone", async () => {
      const prefix = newPrefix();
      const url = new URL(redis().url);
      await using one = await FaultProxy.start(Number(url.port));
      await using two = await FaultProxy.start(Number(url.port));
      const open = (port: number) =>
        openAppointments(redisStore({ url: `redis://127.0.0.1:${port}`, prefix }));
      await using first = await open(one.port);
      await using second = await open(two.port);
      await using steady = await open(Number(url.port));
      const account = new AppointmentAccount();
      const leaving = new AbortController();
      const { signal } = leaving;
      const feed = steady.appointments.feed("all", {}, { snapshot: async () => null, signal });
      const following = (async () => {
        for await (const [, news] of feed) account.add(news);
      })();
      const run = new AppointmentRun([first, second, steady], [one, two], new Random(seed));
      await run.perform(actions);
      await vi.waitFor(async () => {
        // The feed is kept for as long as something is said in it.
        await run.set(steady, "always", { at: null, ends: false, until: null });
        expect(account.waiting).toEqual([]);
      }, patience);
      const unheard = () =>
        run.calls.filter(({ token, isMade }) => isMade === true && !account.tokens.has(token));
      await vi.waitFor(() => expect(unheard()).toEqual([]), patience);
      expect([...run.problems, ...account.problems]).toEqual([]);
      for (const { token, isMade } of run.calls) {
        const times = account.tokens.get(token) ?? 0;
        if (isMade === "unknown") expect(times, token).toBeLessThanOrEqual(1);
        else expect(times, token).toBe(isMade ? 1 : 0);
      }
      // What stands is what the feed has come to.
      for (const name of account.names) {
        const known = account.of(name);
        const state = await steady.appointments.state({ name });
        if (known?.over === null) expect(state).toMatchObject({ token: known.set.token, over: false });
        else if (known?.over && Date.now() - known.over.getTime() < retainMs - 500)
          expect(state, name).toMatchObject({ over: true });
      }
      for (const name of account.names)
        if (!account.of(name)?.over) await steady.appointments.remove({ name });
      await vi.waitFor(async () => expect((await steady.appointments.list()).items).toEqual([]), patience);
      expect(await steady.appointments.counts()).toEqual({});
      expect(steady.errors).toEqual([]);
      const admin = new Redis(redis().url);
      try {
        await vi.waitFor(async () => {
          const keys = await admin.keys(`${prefix}:{*`);
          expect(keys.filter((key) => !key.includes("}:m:") && !key.includes(":h:"))).toEqual([]);
        }, patience);
      } finally {
        admin.disconnect();
      }
      leaving.abort();
      await following;
    }, 120_000);
  },
);
