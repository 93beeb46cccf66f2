import { formatCursor } from "@jobwire/shared";
import type { RedisCommands } from "../../../server/src/store/redis-commands.js";
import type { TopicKey } from "../../../server/src/store/store.js";
import type { Ledger } from "./ledger.js";
import { markOf, readJob, readLog, type LogSeen } from "./log-reading.js";
import { feedTopic, outputTopicOf, topicOfJob } from "../../support/job-places.js";
import { accountStream } from "./stream-account.js";
import type { Watcher } from "./watcher.js";

export interface Account {
  readonly commits: number;
  readonly deliveries: number;
  readonly gaps: number;
  readonly lost: number;
  readonly doubled: number;
  /** Streams that saw an event after a later one. */
  readonly disordered: number;
  readonly problems: readonly string[];
}

export interface AccountOptions {
  readonly redis: RedisCommands;
  readonly ownerId: string;
  readonly jobIds: readonly string[];
  readonly ledger: Ledger;
  readonly watchers: readonly Watcher[];
  /** Jobs that were cancelled meanwhile: each has one end, in its state and in its log. */
  readonly cancelled: readonly { readonly jobId: string; readonly mark: string }[];
  /** Marks of events that the fault has taken from Redis; they may be missing. */
  readonly taken: ReadonlySet<string>;
  /** What the fault has taken out of logs: streams have seen it, or a gap covers it. */
  readonly evicted: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** How many gaps this stream may have seen. */
  readonly gapsOf: (watcher: Watcher) => readonly number[];
}

/** In `taken`: the fault has emptied Redis. */
export const everything = "*";

/** Holds what the publishers know, what Redis has and what every stream received against each other. */
export async function takeAccount(options: AccountOptions): Promise<Account> {
  const { redis, watchers, evicted, gapsOf } = options;
  const logs = new Map<string, LogSeen>();
  for (const { topic } of watchers) {
    const log = await readLog(redis, topic);
    const isOutput = topic.scope === outputTopicOf("").scope;
    const gone = (isOutput ? undefined : evicted.get(topic.topic)) ?? [];
    logs.set(nameOf(topic), { ...log, entries: new Map([...gone, ...log.entries]) });
  }
  const problems: string[] = [];
  const total = { deliveries: 0, gaps: 0, lost: 0, doubled: 0, disordered: 0 };
  for (const watcher of watchers) {
    const log = logs.get(nameOf(watcher.topic));
    if (!log) continue;
    const account = accountStream(watcher, log);
    total.deliveries += account.deliveries;
    total.gaps += account.gaps;
    total.lost += account.lost;
    total.doubled += account.doubled;
    if (account.isDisordered) total.disordered += 1;
    problems.push(...account.problems);
    const expected = gapsOf(watcher);
    if (!expected.includes(account.gaps))
      problems.push(`${watcher.name}: ${account.gaps} gaps instead of ${expected.join(" or ")}`);
  }
  for (const [topic, log] of logs) problems.push(...holesOf(topic, log));
  const published = checkPublished(options, logs);
  total.lost += published.lost;
  total.doubled += published.doubled;
  problems.push(
    ...published.problems,
    ...(await checkStates(options, logs)),
    ...(await checkCancelled(options)),
  );
  return { commits: options.ledger.acknowledged.length, ...total, problems };
}

function nameOf({ scope, topic }: TopicKey): string {
  return `${scope} ${topic}`;
}

function holesOf(topic: string, { entries, head }: LogSeen): string[] {
  const problems: string[] = [];
  for (let offset = 1; offset <= head.offset; offset++) {
    if (!entries.has(offset)) problems.push(`the log of ${topic} has no offset ${offset}`);
  }
  if (entries.size > head.offset) problems.push(`the log of ${topic} has more than its head says`);
  return problems;
}

/** What was acknowledged is in the logs once; what was in doubt at most once. */
function checkPublished(
  { ledger, ownerId, jobIds, taken }: AccountOptions,
  logs: ReadonlyMap<string, LogSeen>,
) {
  const problems: string[] = [];
  let lost = 0;
  let doubled = 0;
  const places = new Map<string, string[]>();
  for (const [topic, { head, entries }] of logs) {
    for (const [offset, text] of entries) {
      const mark = markOf(text);
      if (mark === undefined) continue;
      const known = places.get(`${topic} ${mark}`);
      const place = formatCursor({ epoch: head.epoch, offset });
      if (known) known.push(place);
      else places.set(`${topic} ${mark}`, [place]);
    }
  }
  const feed = nameOf(feedTopic(ownerId));
  for (const { mark, jobId, id, isOutput, acknowledgedAt } of ledger.entries.values()) {
    if (!jobIds.includes(jobId)) continue;
    for (const topic of isOutput ? [nameOf(outputTopicOf(jobId))] : [nameOf(topicOfJob(jobId)), feed]) {
      const found = places.get(`${topic} ${mark}`) ?? [];
      if (found.length > 1) {
        doubled += 1;
        problems.push(`${mark} is in ${topic} ${found.length} times: ${found.join(", ")}`);
      }
      if (found.length === 0 && acknowledgedAt !== null && !taken.has(mark)) {
        lost += 1;
        problems.push(`${mark} was acknowledged${id ? ` as ${id}` : ""} and is not in ${topic}`);
      }
      if (topic !== feed && id && found[0] && offsetOf(found[0]) !== offsetOf(id) && !taken.has(mark))
        problems.push(`${mark} was acknowledged as ${id} and is ${found[0]}`);
    }
  }
  return { lost, doubled, problems };
}

function offsetOf(id: string): string | undefined {
  return id.split(":")[1];
}

async function checkCancelled({ redis, cancelled, taken }: AccountOptions): Promise<string[]> {
  const problems: string[] = [];
  for (const { jobId, mark } of cancelled) {
    const state = await readJob(redis, jobId);
    // What a fault has taken from Redis is gone whole.
    if (!state && (taken.has(mark) || taken.has(everything))) continue;
    const { entries } = await readLog(redis, topicOfJob(jobId));
    const ends = [...entries.values()].filter((text) => text.includes(`"outcome":"cancelled"`));
    const isWhole = state?.status === "failed" && ends.length === 1 && markOf(ends[0] ?? "") === mark;
    if (!isWhole && !taken.has(mark))
      problems.push(
        `job ${jobId} was cancelled with ${mark} and is ${JSON.stringify(state)}: ${ends.join()}`,
      );
  }
  return problems;
}

/** A job's state is what its log says last, and has been in as many stages as its log says. */
async function checkStates(
  { redis, jobIds }: AccountOptions,
  logs: ReadonlyMap<string, LogSeen>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const jobId of jobIds) {
    const state = await readJob(redis, jobId);
    const log = logs.get(nameOf(topicOfJob(jobId)));
    const started = [...(log?.entries.values() ?? [])]
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .filter(({ type }) => type === "build.stage.started");
    const last = started.at(-1);
    const said = { status: last?.status, message: last?.message, entered: started.length };
    if (JSON.stringify(said) !== JSON.stringify(state))
      problems.push(`job ${jobId} is ${JSON.stringify(state)}, its log says ${JSON.stringify(said)}`);
  }
  return problems;
}
