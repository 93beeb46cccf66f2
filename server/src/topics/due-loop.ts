import { setTimeout as delay } from "node:timers/promises";
import { startBackgroundLoop } from "../background-loop.js";
import { AppError } from "../app-error.js";
import type { DueState } from "../store/store.js";
import type { PlainKey } from "./event-input.js";
import type { PlainDecision } from "./topic-decision.js";
import type { TopicLog } from "./topic-log.js";
import type { TopicRepair } from "./topic-repair.js";
import { wakeMs, type TopicTimes } from "./topic-times.js";

export interface DueOptions<State> {
  readonly log: TopicLog<State>;
  readonly onDue: (key: PlainKey, state: State) => Promise<PlainDecision<State>>;
  readonly repair: TopicRepair<State>;
  readonly times: TopicTimes<State>;
  readonly onError: (error: unknown) => void;
  readonly intervalMs: number;
}

const pageSize = 100;
/** Each so many-th time it is also looked whether the list of what is due is whole. */
const looksForOneCheck = 5;
/** When what failed is tried again. */
const retryMs = 5000;

/**
 * Does what is due, on whichever process comes first: what `onDue` says of a state, and the removal of what has expired or has
 * outlived its end. An idle definition costs one read for each interval, however many states there are.
 */
export function startDueLoop<State>(options: DueOptions<State>): AsyncDisposable {
  const { intervalMs, onError, repair } = options;
  let looks = 0;
  const look = async (signal: AbortSignal) => {
    if (looks === 0) await repair.begin();
    await doWhatIsDue(options, { isGlance: looks++ % looksForOneCheck > 0 }, signal);
  };
  return startBackgroundLoop(look, { intervalMs, onError });
}

async function doWhatIsDue<State>(
  options: DueOptions<State>,
  { isGlance }: { readonly isGlance: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { store } = options.log.options;
  while (!signal.aborted) {
    const { items, isLost } = await store.listDue({ scope: options.log.scope, limit: pageSize, isGlance });
    if (isLost) options.repair.request();
    for (const item of items) {
      if (signal.aborted) return;
      await doOne(options, item).catch(async (error: unknown) => {
        options.onError(error);
        // The others are not to wait behind it.
        await postpone(options, item);
      });
    }
    if (items.length < pageSize) return;
    await delay(0, undefined, { signal }).catch(() => {});
  }
}

async function doOne<State>(
  { log, onDue, times }: DueOptions<State>,
  { key, state }: DueState,
): Promise<void> {
  const { store, definition } = log.options;
  const record = log.recordOf(state);
  if (!state || !record) {
    // It was lost with all that is known of it.
    await store.commit({
      scope: log.scope,
      state: { key, expect: "absent", set: {}, due: null, remove: true },
      events: [],
    });
    return;
  }
  if (record.ended) {
    await store.commit({
      scope: log.scope,
      state: { ...log.removalOf(key, state), expect: { revision: [String(record.revision)] } },
      events: [],
      closedTopics: [key],
      retainMs: 0,
    });
    return;
  }
  const isPast = (time: Date | null) => time !== null && time.getTime() <= store.clock.now();
  // Another process may be faster, or the state may have changed since.
  if (await log.remove(record.key, (current) => isPast(times.expiresAt(current, record.key)))) return;
  const { ids } = await log.change(record.key, async (current) =>
    current !== null && isPast(times.dueAt(current, record.key))
      ? onDue(record.key, current)
      : { events: [] },
  );
  if (ids.length === 0) await settle(log, times, key, definition.name);
}

/** Nothing was to be said: the state is listed for the time it names now, and not again for one that has passed. */
async function settle<State>(
  log: TopicLog<State>,
  times: TopicTimes<State>,
  key: string,
  name: string,
): Promise<void> {
  const { store } = log.options;
  const record = await log.read(key);
  if (!record || record.ended) return;
  const dueMs = wakeMs(times, record.state, record.key);
  const isPast = dueMs !== null && dueMs <= store.clock.now();
  await store.commit({
    scope: log.scope,
    state: { key, expect: { revision: [String(record.revision)] }, set: {}, due: isPast ? null : dueMs },
    events: [],
  });
  if (isPast)
    throw new AppError(
      "EVENT_NOT_APPLICABLE",
      `A state of ${name} is due, and onDue says no event: it is left alone until it changes.`,
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
