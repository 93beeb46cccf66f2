import { expect, test } from "vitest";
import { CallbackSender, type Callback } from "../../server/src/gateway/callback-sender.js";
import { Inbox } from "../support/collect.js";

const limits = { maxWaiting: 100, patienceMs: 60_000, retryMs: 1, timeoutMs: 60_000 };

const callbackOf = (request_id: string, action: Callback["action"] = "connect"): Callback => ({
  action,
  request_id,
  token: "t",
  url: "/",
});

function open(post: () => Promise<number>, more: Partial<typeof limits> = {}) {
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
