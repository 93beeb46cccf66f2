import { setTimeout as delay } from "node:timers/promises";
import { startBackgroundLoop, type BackgroundLoop } from "../background-loop.js";
import { AppError } from "../app-error.js";
import type { DueState, StateRecord } from "../store/store.js";
import type { PlainKey } from "./event-input.js";
import type { PlainDecision } from "./topic-decision.js";
import type { TopicLog } from "./topic-log.js";
import { dueChange, dueField, removalChange, type TopicRecord } from "./topic-record.js";
import type { TopicRepair } from "./topic-repair.js";
import { wakeMs, type TopicTimes } from "./topic-times.js";

export interface DueOptions<State> {
  readonly log: TopicLog<State>;
  readonly onDue: (key: PlainKey, state: State) => Promise<PlainDecision<State>>;
  readonly repair: TopicRepair<State>;
  readonly times: TopicTimes<State>;
  readonly onError: (error: unknown) => void;
}

/** Nor is more begun while so much takes long. */
const pageSize = 100;
/** Each waits for some answers of the store, and for what `onDue` does. */
const atOnce = 25;
/** What takes longer goes on beside what comes next. */
const slowMs = 1000;
/** What another process has set may come so much too late when that process does not do it itself. */
const maxPauseMs = 5000;
const minPauseMs = 1000;
/** A time has come by this process's estimate of the store's clock, and a little later by that clock too. */
const clockSlackMs = 10;
/** How often it is looked whether the list of what is due is whole. */
const checkMs = 10_000;
/** When what failed is tried again. */
const retryMs = 5000;

export interface DueLoop extends AsyncDisposable {
  /** Something is due then, in milliseconds since 1970 by the clock of the store. */
  expect(dueMs: number): void;
}

/**
 * Does what is due, on whichever process comes first: what `onDue` says of a state, and the removal of what has expired or has
 * outlived its end. It sleeps until the first of them is due: an idle definition costs a read now and then, however many states
 * there are.
 */
export function startDueLoop<State>(options: DueOptions<State>): DueLoop {
  const { onError, repair, log } = options;
  const { store } = log.options;
  const inHand = new Map<string, Promise<void>>();
  let checkAt = 0;
  const look = async (signal: AbortSignal) => {
    if (checkAt === 0) await repair.begin();
    const dueMs = await store.nextDue(log.scope);
    const isTimeToCheck = performance.now() >= checkAt;
    if (isTimeToCheck || (dueMs !== null && dueMs <= store.clock.now())) {
      await doWhatIsDue(options, inHand, signal);
      if (isTimeToCheck) checkAt = performance.now() + checkMs;
    }
    if (dueMs !== null) expect(dueMs);
  };
  const expect = (dueMs: number) => loop.runWithin(dueMs - store.clock.now() + clockSlackMs);
  const loop: BackgroundLoop = startBackgroundLoop(look, {
    intervalMs: maxPauseMs,
    minIntervalMs: minPauseMs,
    onError,
  });
  return {
    expect,
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      await Promise.allSettled(inHand.values());
    },
  };
}

/** @param inHand What is being done, by key: it is due until it is done. */
async function doWhatIsDue<State>(
  options: DueOptions<State>,
  inHand: Map<string, Promise<void>>,
  signal: AbortSignal,
): Promise<void> {
  const { store } = options.log.options;
  while (!signal.aborted) {
    const known = new Set(inHand.keys());
    const { items, isLost } = await store.listDue({ scope: options.log.scope, limit: pageSize });
    if (isLost) options.repair.request();
    const others = items.filter(({ key }) => !known.has(key));
    const waiting = others.values();
    const doInTurn = async () => {
      for (const item of waiting) {
        if (signal.aborted) return;
        const work = doOrPostpone(options, item).finally(() => inHand.delete(item.key));
        inHand.set(item.key, work);
        await doneOrSlow(work);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, doInTurn));
    if (items.length < pageSize || others.length === 0) return;
    await delay(0, undefined, { signal }).catch(() => {});
  }
}

async function doneOrSlow(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const slow = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, slowMs).unref();
  });
  await Promise.race([work, slow]).finally(() => clearTimeout(timer));
}

async function doOrPostpone<State>(options: DueOptions<State>, item: DueState): Promise<void> {
  await doOne(options, item).catch(async (error: unknown) => {
    options.onError(error);
    // The others are not to wait behind it.
    await postpone(options, item);
  });
}

async function doOne<State>(
  { log, onDue, times }: DueOptions<State>,
  { key, state }: DueState,
): Promise<void> {
  const { store } = log.options;
  const record = log.recordOf(key, state);
  if (!state || !record) {
    // It was lost with all that is known of it.
    await store.commit({ scope: log.scope, state: removalChange(key, null), events: [] });
    return;
  }
  if (record.ended) return dropEnded(log, key, state, record);
  const isPast = (time: Date | null) => time !== null && time.getTime() <= store.clock.now();
  // Another process may be faster, or the state may have changed since.
  const isOver = (current: State) => isPast(times.expiresAt(current, record.key));
  if (isOver(record.state) && (await log.remove(record.key, isOver))) return;
  let askedRevision: number | null = null;
  const { ids } = await log.change(record.key, async (current, revision) => {
    if (current === null || !isPast(times.dueAt(current, record.key))) return { events: [] };
    askedRevision = revision;
    return onDue(record.key, current);
  });
  if (ids.length === 0) await settle(log, times, key, askedRevision);
}

/** Another process may have ended it between the list of what is due and the read of this state: then it is kept as all that end. */
async function dropEnded<State>(
  { scope, options: { store } }: TopicLog<State>,
  key: string,
  state: StateRecord,
  record: TopicRecord<State>,
): Promise<void> {
  const { accepted } = await store.commit({
    scope,
    state: { ...removalChange(key, state), expectPast: dueField },
    events: [],
    closedTopics: [key],
    retainMs: 0,
  });
  if (!accepted)
    await store.commit({ scope, state: { key, ...dueChange(record, record.dueMs) }, events: [] });
}

/**
 * Nothing was said: the state is listed for the time it names now, which may have come since.
 * @param askedRevision Of this one `onDue` had nothing to say: it is not asked again before the state changes.
 */
async function settle<State>(
  log: TopicLog<State>,
  times: TopicTimes<State>,
  key: string,
  askedRevision: number | null,
): Promise<void> {
  const { scope, options } = log;
  const { store, definition } = options;
  const record = await log.read(key);
  if (!record || record.ended) return;
  const isSilent = record.revision === askedRevision;
  const expiresMs = times.expiresAt(record.state, record.key)?.getTime() ?? null;
  const dueMs = isSilent ? expiresMs : wakeMs(times, record.state, record.key);
  const { accepted } = await store.commit({
    scope,
    state: { key, ...dueChange(record, dueMs) },
    events: [],
  });
  if (isSilent && accepted)
    throw new AppError(
      "EVENT_NOT_APPLICABLE",
      `A state of ${definition.name} is due, and onDue says no event: it is left alone until it changes.`,
    );
}

async function postpone<State>({ log, onError }: DueOptions<State>, { key, state }: DueState): Promise<void> {
  const { store } = log.options;
  const revision = state?.revision ?? "";
  await store
    .commit({
      scope: log.scope,
      state: { key, expect: { revision: [revision] }, set: {}, due: store.clock.now() + retryMs },
      events: [],
    })
    .catch(onError);
}
