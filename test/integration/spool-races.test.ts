import { spoolEventTypes, type SpoolEvent } from "@jobwire/shared";
import fc from "fast-check";
import superjson from "superjson";
import { expect, test } from "vitest";
import { AppError } from "../../server/src/app-error.js";
import type { SpoolService } from "../../server/src/spools/spool-service.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { Store } from "../../server/src/store/store.js";
import {
  spoolActionArbitrary,
  SpoolActions,
  type SpoolAction,
  type SpoolCalls,
} from "../support/spool-actions.js";
import { boardOf } from "../support/spool-board.js";
import { upTo } from "../contract/store-fixtures.js";
import { spoolsOn, updatesTopic } from "../support/spools-on.js";

const maxEvents = 1_000;

test("in whatever order the store answers callers who race, each accepted call is one event that was allowed", async () => {
  const beforeArbitrary = fc.array(spoolActionArbitrary, { maxLength: 4, size: "max" });
  const racingArbitrary = fc.array(spoolActionArbitrary, { minLength: 2, maxLength: 6, size: "max" });
  await fc.assert(
    fc.asyncProperty(beforeArbitrary, racingArbitrary, fc.scheduler(), async (before, racing, scheduler) => {
      await using store = openMemoryStore({ maxEvents });
      // Calls to one process take turns; those to different ones race.
      const calls = racing.map(() => callsOf(spoolsOn(delayed(store, scheduler))));
      const actions = new SpoolActions(callsOf(spoolsOn(store)), "");
      for (const action of before) await actions.carryOut(action);
      await scheduler.waitFor(
        Promise.all(racing.map((action, index) => actions.carryOut(action, calls[index]))),
      );
      const events = await logOf(store);
      actions.expectExplained(events);
      expect(boardOf(events)).toEqual(await spoolsOn(store).list({}));
    }),
    { numRuns: 300 },
  );
});

test("whatever another caller does between the look of a call and its commit, both are one event that was allowed", async () => {
  for (const before of [[], [register], [register, tomar], [register, tomar, completar]]) {
    for (const late of everyAction) {
      for (const between of everyAction) {
        await using store = openMemoryStore({ maxEvents });
        const prompt = spoolsOn(store);
        const actions = new SpoolActions(callsOf(prompt), "");
        for (const action of before) await actions.carryOut(action);
        const overtaken = spoolsOn(afterEachLook(store, [() => actions.carryOut(between)]));
        await actions.carryOut(late, callsOf(overtaken));
        const events = await logOf(store);
        actions.expectExplained(events);
        expect(boardOf(events)).toEqual(await prompt.list({}));
      }
    }
  }
});

test("a call that is always too late gives up with SPOOL_CHANGED", async () => {
  await using store = openMemoryStore({ maxEvents });
  const others = spoolsOn(store);
  await others.register({ tagSpool: "A" });
  let turns = 0;
  const busy = Array.from({ length: 100 }, () => () => {
    return others.changeState({ tagSpool: "A", estadoDetalle: `turn ${++turns}` });
  });
  const late = spoolsOn(afterEachLook(store, busy));
  const call = late.tomar({ tagSpool: "A", workerNombre: "Ana" });
  await expect(call).rejects.toMatchObject({ code: "CONFLICT", reason: "SPOOL_CHANGED" });
  expect((await others.list({})).map(({ workerNombre }) => workerNombre)).toEqual([null]);
  expect(turns).toBe(25);
});

test("a spool whose board was lost between the look and the commit is not found, and not made from half of it", async () => {
  await using store = openMemoryStore({ maxEvents });
  const gone = spoolsOn(store);
  await using before = openMemoryStore({ maxEvents });
  await spoolsOn(before).register({ tagSpool: "A" });
  const stale = await before.readState({ scope: updatesTopic.scope, key: '["A"]' });
  expect(stale).not.toBeNull();
  const reads = [stale, null];
  const lost: Store = { ...bound(store), readState: async () => reads.shift() ?? null };
  const call = spoolsOn(lost).tomar({
    tagSpool: "A",
    workerNombre: "Ana",
  });
  await expect(call).rejects.toMatchObject({ code: "NOT_FOUND", reason: "SPOOL_NOT_FOUND" });
  expect(await gone.list({})).toEqual([]);
  expect(await logOf(store)).toEqual([]);
});

const action: SpoolAction = {
  call: "register",
  tag: "A",
  workerNombre: "Ana",
  estadoDetalle: "cut",
  published: { type: "STATE_CHANGE", workerNombre: undefined, estadoDetalle: undefined },
};
const register = action;
const tomar: SpoolAction = { ...action, call: "tomar" };
const completar: SpoolAction = { ...action, call: "completar" };
const everyAction: readonly SpoolAction[] = [
  register,
  tomar,
  completar,
  { ...action, call: "pausar" },
  { ...action, call: "changeState", estadoDetalle: "armed" },
  ...spoolEventTypes.flatMap((type) =>
    [undefined, null, "Luis"].flatMap((workerNombre) =>
      [undefined, "welded"].map((estadoDetalle): SpoolAction => ({
        ...action,
        call: "publish",
        published: { type, workerNombre, estadoDetalle },
      })),
    ),
  ),
];

/** The store where somebody else does something after each look at a state, before the answer is there. */
function afterEachLook(store: Store, doings: (() => Promise<unknown>)[]): Store {
  return {
    ...bound(store),
    async readState(key) {
      const state = await store.readState(key);
      await doings.shift()?.();
      return state;
    },
  };
}

/** The store with its answers, and its commits, in an order of the scheduler's choice. */
function delayed(store: Store, scheduler: fc.Scheduler): Store {
  return {
    ...bound(store),
    readState: scheduler.scheduleFunction((key) => store.readState(key)),
    commit: async (change) => {
      await scheduler.schedule(Promise.resolve(), "commit");
      return store.commit(change);
    },
  };
}

function bound(store: Store): Store {
  return {
    commit: (change) => store.commit(change),
    readState: (key) => store.readState(key),
    listStates: (query) => store.listStates(query),
    listDue: (query) => store.listDue(query),
    nextDue: (scope) => store.nextDue(scope),
    recount: (scope, indexes) => store.recount(scope, indexes),
    countListed: (selection) => store.countListed(selection),
    countStates: (scope) => store.countStates(scope),
    head: (topic) => store.head(topic),
    replay: (topic, after, limit) => store.replay(topic, after, limit),
    fork: (topic, shared) => store.fork(topic, shared),
    listen: (topic, listener) => store.listen(topic, listener),
    scanStates: (beginning) => store.scanStates(beginning),
    clock: store.clock,
    warnings: [],
    ping: () => store.ping(),
    isReachable: true,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function callsOf(spools: SpoolService): SpoolCalls {
  return {
    register: (input) => spools.register(input),
    tomar: (input) => spools.tomar(input),
    pausar: (input) => spools.pausar(input),
    completar: (input) => spools.completar(input),
    changeState: (input) => spools.changeState(input),
    publish: (input) => spools.publish(input),
    reasonOf: (error) => (error instanceof AppError ? error.reason : String(error)),
  };
}

async function logOf(store: Store): Promise<SpoolEvent[]> {
  const replay = await store.replay(updatesTopic, null, upTo(maxEvents));
  return replay.kind === "gap" ? [] : replay.entries.map(({ body }) => superjson.parse<SpoolEvent>(body));
}
