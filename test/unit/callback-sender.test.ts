import { once } from "node:events";
import { expect, test, vi } from "vitest";
import {
  CallbackSender,
  type Callback,
  type CallbackSenderOptions,
} from "../../server/src/gateway/callback-sender.js";
import { Inbox } from "../support/collect.js";

const limits = { maxWaiting: 100, patienceMs: 60_000, retryMs: 1, timeoutMs: 60_000 };

const callbackOf = (request_id: string, action: Callback["action"] = "connect"): Callback => ({
  action,
  request_id,
  token: "t",
  url: "/",
});

function open(post: CallbackSenderOptions["post"], more: Partial<typeof limits> = {}) {
  const outcomes = new Inbox<string>();
  const sender = new CallbackSender({
    ...limits,
    ...more,
    post,
    newDeliveryId: () => "id",
    onOutcome: (outcome, { request_id }, status) => outcomes.push(`${outcome} ${request_id} ${status}`),
  });
  return { sender, outcomes };
}

const never = () => new Promise<number>(() => {});

test("more than may wait is dropped, and said", async () => {
  const { sender, outcomes } = open(never, { maxWaiting: 2 });
  for (const name of ["a", "b", "c"]) sender.tell(callbackOf(name));
  expect(outcomes.items).toEqual(["dropped c null"]);
});

test("a backend that fails for longer than the patience is given up, and the session's next one is told", async () => {
  const { sender, outcomes } = open(async () => 503, { patienceMs: 20 });
  sender.tell(callbackOf("a"));
  sender.tell(callbackOf("a", "disconnect"));
  expect(await outcomes.first(2)).toEqual(["given-up a 503", "given-up a 503"]);
  await sender.close(0);
});

test("closing waits for what is on its way, and drops what is not taken in time", async () => {
  let answer: (status: number) => void = () => {};
  const { sender, outcomes } = open(() => new Promise((resolve) => (answer = resolve)));
  sender.tell(callbackOf("a"));
  await new Promise((resolve) => setImmediate(resolve));
  const closing = sender.close(60_000);
  answer(200);
  await closing;
  expect(outcomes.items).toEqual(["delivered a 200"]);
  sender.tell(callbackOf("b"));
  expect(outcomes.items).toEqual(["delivered a 200", "dropped b null"]);

  const failing = open(async () => 500, { retryMs: 30_000 });
  failing.sender.tell(callbackOf("c"));
  await failing.sender.close(1);
  expect(failing.outcomes.items).toEqual(["dropped c 500"]);
});

test("an attempt ends with its time and when the sender closes", async () => {
  const signals: AbortSignal[] = [];
  const hang: CallbackSenderOptions["post"] = async (_callback, _id, signal) => {
    signals.push(signal);
    await once(signal, "abort");
    throw signal.reason;
  };
  const late = open(hang, { timeoutMs: 1, patienceMs: 0 });
  late.sender.tell(callbackOf("a"));
  expect(await late.outcomes.first(1)).toEqual(["given-up a null"]);

  const closing = open(hang);
  closing.sender.tell(callbackOf("b"));
  await vi.waitFor(() => expect(signals).toHaveLength(2));
  await closing.sender.close(0);
  expect(closing.outcomes.items).toEqual(["dropped b null"]);
});

test("many sessions may wait to be told again, without a warning of the process", async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on("warning", onWarning);
  let posts = 0;
  const { sender, outcomes } = open(async () => (posts++, 503), { retryMs: 30_000 });
  for (let count = 0; count < 20; count++) sender.tell(callbackOf(`session ${count}`));
  await vi.waitFor(() => expect(posts).toBe(20));
  await sender.close(0);
  await outcomes.first(20);
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});
