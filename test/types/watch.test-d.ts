import { defineTopic, type StateOf, type StreamEventOf } from "@jobwire/shared";
import { sseLink, watch } from "@jobwire/client";
import { useSuspenseTopic, useTopic, type StreamError, type TopicView } from "@jobwire/client/react";
import { startTopicServer } from "@jobwire/client/testing";
import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { createTRPCClient } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";

const counter = defineTopic("counter", {
  key: z.object({ counterId: z.string() }),
  events: { "counter.moved": z.object({ by: z.number() }), "counter.stopped": z.object({}) },
  ends: ["counter.stopped"],
  state: z.object({ sum: z.number() }),
  apply: (state, event) => ({ sum: (state?.sum ?? 0) + (event.type === "counter.moved" ? event.by : 0) }),
});

const other = defineTopic("other", {
  key: z.object({ counterId: z.string() }),
  events: { "other.made": z.object({}) },
});

const jobwire = await openJobwire({ store: memoryStore() });
const counters = jobwire.topic(counter, { index: ({ sum }) => [`sum/${sum}`] });
const trpc = initTRPC.create({ transformer: superjson });
const router = trpc.router({
  counters: trpc.router({
    events: trpc.procedure
      .input(counter.streamInput)
      .subscription(({ input, signal }) => counters.stream(input, { signal })),
    bare: trpc.procedure.input(counter.streamInput).subscription(async function* ({ input, signal }) {
      for await (const [, event] of counters.stream(input, { signal })) yield event;
    }),
  }),
});
const client = createTRPCClient<typeof router>({
  links: [sseLink({ url: "http://127.0.0.1", transformer: superjson })],
});

test("types reach from the definition to the loop and the hook", () => {
  const watched = watch(client.counters.events, { counterId: "a" });
  expectTypeOf(watched).toExtend<AsyncIterable<StreamEventOf<typeof counter>>>();
  const read = () => useTopic(counter, client.counters.events, { counterId: "a" });
  expectTypeOf<ReturnType<typeof read>["state"]>().toEqualTypeOf<StateOf<typeof counter> | null>();
  expectTypeOf<ReturnType<typeof read>["events"][number]>().toEqualTypeOf<StreamEventOf<typeof counter>>();
});

test("the status of a topic says where there is an error, and a selection is what the hook gives", () => {
  const shown = (view: TopicView<typeof counter>): string => {
    switch (view.status) {
      case "idle":
      case "connecting":
      case "live":
      case "reconnecting":
      case "ended":
        expectTypeOf(view.error).toEqualTypeOf<null>();
        return String(view.state?.sum);
      case "failed":
        expectTypeOf(view.error).toEqualTypeOf<StreamError>();
        return view.error.message;
      default:
        return view satisfies never;
    }
  };
  expectTypeOf(shown).returns.toEqualTypeOf<string>();
  const select = ({ state }: { state: StateOf<typeof counter> | null }) => state?.sum ?? 0;
  const key = { counterId: "a" };
  const sum = () => useTopic(counter, client.counters.events, key, { select });
  expectTypeOf(sum).returns.toEqualTypeOf<number>();
  const inline = () =>
    useSuspenseTopic(counter, client.counters.events, key, {
      select: ({ state, events }) => [state, events] as const,
    });
  expectTypeOf<ReturnType<typeof inline>[0]>().toEqualTypeOf<StateOf<typeof counter> | null>();
  expectTypeOf<ReturnType<typeof inline>[1][number]>().toEqualTypeOf<StreamEventOf<typeof counter>>();
});

test("a test server needs a context where its router asks for one", () => {
  const withUser = initTRPC.context<{ user: string; traceId?: string }>().create();
  const ofUsers = withUser.router({ me: withUser.procedure.query(({ ctx }) => ctx.user) });
  const traced = initTRPC.context<{ traceId?: string }>().create();
  expectTypeOf([
    () => startTopicServer({ router }),
    () => startTopicServer({ router, createContext: () => ({}) }),
    () => startTopicServer({ router: traced.router({}) }),
    () =>
      startTopicServer({ router: ofUsers, createContext: ({ req }) => ({ user: req.headers.host ?? "" }) }),
    // @ts-expect-error its context has a user
    () => startTopicServer({ router: ofUsers }),
    // @ts-expect-error an empty one has none
    () => startTopicServer({ router: ofUsers, createContext: () => ({}) }),
  ]).toBeArray();
});

test("wrong keys, events and pairs do not compile", () => {
  // @ts-expect-error no such key
  watch(client.counters.events, { orderId: "a" });
  // @ts-expect-error a number is no id
  useTopic(counter, client.counters.events, { counterId: 7 });
  // @ts-expect-error the procedure yields another topic
  const wrong = () => useTopic(other, client.counters.events, { counterId: "a" });
  // @ts-expect-error its events have no ids
  const bare = () => useTopic(counter, client.counters.bare, { counterId: "a" });
  // @ts-expect-error they have none there either
  const suspending = () => useSuspenseTopic(counter, client.counters.bare, { counterId: "a" });
  expectTypeOf([wrong, bare, suspending]).toBeArray();
  // @ts-expect-error by is missing
  void counters.publish({ counterId: "a" }, { type: "counter.moved" });
  // @ts-expect-error no such type
  void counters.publish({ counterId: "a" }, { type: "counter.lost" });
  // @ts-expect-error the field of the key is missing
  void counters.publish({}, { type: "counter.stopped" });
  // @ts-expect-error a decision is an event
  void counters.change({ counterId: "a" }, () => ({ type: "counter.moved", by: "1" }));
  // @ts-expect-error an index is a text
  void (() => jobwire.topic(counter, { index: ({ sum }) => [sum] }));
});
