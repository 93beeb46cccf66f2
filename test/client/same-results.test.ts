import { sseLink } from "@jobwire/client";
import { createTRPCUntypedClient, httpSubscriptionLink, type TRPCLink } from "@trpc/client";
import { initTRPC, tracked, TRPCError, type AnyTRPCRouter } from "@trpc/server";
import { EventSource } from "eventsource";
import superjson from "superjson";
import { expect, test } from "vitest";
import { z } from "zod";
import { describeOnEachHandler } from "../sse/support/handlers.js";
import { Inbox } from "../support/collect.js";

/** Any tRPC server, tRPC's own included: with `sseLink` in place of tRPC's link, callers see the same. */

const t = initTRPC.create({ transformer: superjson, isDev: false });

const router = t.router({
  tracked: t.procedure.subscription(async function* () {
    yield tracked("a", { at: new Date(0) });
    yield tracked("b", new Map([[1, 2n]]));
  }),
  untracked: t.procedure.subscription(async function* () {
    yield "text";
    yield null;
    yield { id: "not an event id" };
  }),
  mixed: t.procedure.subscription(async function* () {
    yield "before";
    yield tracked("a", "tracked");
    yield "after";
  }),
  echo: t.procedure.input(z.unknown()).subscription(async function* ({ input }) {
    yield input;
  }),
  nothing: t.procedure.subscription(async function* () {}),
  refused: t.procedure.input(z.object({ number: z.number() })).subscription(async function* () {
    yield 1;
  }),
  broken: t.procedure.subscription(async function* () {
    yield 1;
    throw new TRPCError({ code: "CONFLICT", message: "no longer" });
  }),
  deeper: t.router({
    still: t.procedure.subscription(async function* () {
      yield "here";
    }),
  }),
});

const calls: [path: string, input: unknown][] = [
  ["tracked", undefined],
  ["untracked", undefined],
  ["mixed", undefined],
  ["echo", { when: new Date(1), text: "a b&c=d?e#ü" }],
  ["echo", "a plain text"],
  ["echo", null],
  ["echo", { lastEventId: "brought along", other: 1 }],
  ["nothing", undefined],
  ["refused", { number: "none" }],
  ["broken", undefined],
  ["deeper.still", undefined],
];

describeOnEachHandler("what a caller sees through both links", ({ mount }) => {
  test.each(calls)("%s %j", async (path, input) => {
    await using served = await mount({ router, basePath: "/trpc/" });
    const url = `${served.url}/`;
    const theirs = await seenThrough(
      httpSubscriptionLink<AnyTRPCRouter, typeof EventSource>({ url, EventSource, transformer: superjson }),
      path,
      input,
    );
    const ours = await seenThrough(sseLink<AnyTRPCRouter>({ url, transformer: superjson }), path, input);
    expect(ours).toEqual(theirs);
    expect(ours.length).toBeGreaterThan(0);
  });

  test("a procedure that is not there has its code through ours", async () => {
    await using served = await mount({ router });
    const ours = await seenThrough(
      sseLink<AnyTRPCRouter>({ url: served.url, transformer: superjson }),
      "no.such",
    );
    const data = { code: "NOT_FOUND", httpStatus: 404, path: "no.such" };
    expect(ours.at(-1)).toEqual(["error", expect.stringContaining("no.such"), data]);
  });

  test("once aborted: stopped, idle, complete, and nothing afterwards", async () => {
    await using served = await mount({
      router: t.router({
        silence: t.procedure.subscription(async function* ({ signal }) {
          yield "first";
          await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        }),
      }),
    });
    const links = [
      httpSubscriptionLink<AnyTRPCRouter, typeof EventSource>({
        url: served.url,
        EventSource,
        transformer: superjson,
      }),
      sseLink<AnyTRPCRouter>({ url: served.url, transformer: superjson }),
    ];
    const [theirs, ours] = await Promise.all(
      links.map((link) => seenThrough(link, "silence", undefined, new AbortController())),
    );
    expect(ours).toEqual(theirs);
    expect(ours?.slice(-3)).toEqual([["stopped"], ["state", "idle"], ["complete"]]);
  });
});

/** Every callback until the last, in order. With a controller: it aborts on the first value. */
async function seenThrough(
  link: TRPCLink<AnyTRPCRouter>,
  path: string,
  input?: unknown,
  controller?: AbortController,
): Promise<unknown[]> {
  const inbox = new Inbox<unknown>();
  createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] }).subscription(path, input, {
    ...(controller && { signal: controller.signal }),
    onStarted: () => inbox.push(["started"]),
    onData: (data) => {
      inbox.push(["data", data]);
      controller?.abort();
    },
    onStopped: () => inbox.push(["stopped"]),
    onConnectionStateChange: ({ state }) => inbox.push(["state", state]),
    onError: ({ message, data }) => {
      inbox.push(["error", message, data]);
      inbox.end();
    },
    onComplete: () => {
      inbox.push(["complete"]);
      inbox.end();
    },
  });
  await inbox.ended();
  return [...inbox.items];
}
