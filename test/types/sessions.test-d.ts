import type { AppRouter, SessionObserver } from "@jobwire/server";
import type { ConnectedSession, SessionSnapshot, SessionStreamEvent, StreamGap, Task } from "@jobwire/shared";
import type { createTRPCClient } from "@trpc/client";
import { expectTypeOf, test } from "vitest";

declare const client: ReturnType<typeof createTRPCClient<AppRouter>>;
declare function assertNever(value: never): never;

test("the stream yields ids and events of the contract, nothing wider", () => {
  client.sessions.events.subscribe(
    { requestId: "r" },
    {
      onData(item) {
        expectTypeOf(item).toEqualTypeOf<{ id: string; data: SessionStreamEvent }>();
        expectTypeOf(item.data.timestamp).toEqualTypeOf<Date>();
        // @ts-expect-error only some events are about a session: look at `type` first
        expectTypeOf(item.data.requestId);
      },
    },
  );
});

test("type tells the events apart, and a switch over all of them is complete", () => {
  const read = (event: SessionStreamEvent) => {
    switch (event.type) {
      case "session.opened":
        expectTypeOf(event.resumed).toEqualTypeOf<boolean>();
        return event.connectionId;
      case "session.message":
        return event.name;
      case "session.replaced":
        return event.requestId;
      case "version.announced":
        expectTypeOf(event.changelog).toEqualTypeOf<string | null>();
        expectTypeOf(event.pending).toEqualTypeOf<boolean>();
        return event.version;
      case "task.started":
      case "task.progress":
      case "task.completed":
      case "task.failed":
        return event.taskId;
      case "stream.gap":
        expectTypeOf(event).toEqualTypeOf<StreamGap<SessionSnapshot>>();
        expectTypeOf(event.snapshot.tasks).toEqualTypeOf<readonly Task[]>();
        return event.reason;
      default:
        return assertNever(event);
    }
  };
  expectTypeOf(read).returns.toEqualTypeOf<string>();
});

test("a switch that forgets the replacement does not compile", () => {
  const forgets = (event: Extract<SessionStreamEvent, { type: `session.${string}` }>) => {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- that is the point
    switch (event.type) {
      case "session.opened":
      case "session.message":
        return event.type;
      default:
        // @ts-expect-error session.replaced is left over
        return assertNever(event);
    }
  };
  expectTypeOf(forgets).returns.toEqualTypeOf<"session.opened" | "session.message">();
});

test("calls take and give what the contract says", () => {
  const { send, list } = client.sessions;
  const { announce } = client.versions;
  expectTypeOf(send.mutate).returns.resolves.toEqualTypeOf<{ delivered: number }>();
  expectTypeOf(list.query).returns.resolves.toEqualTypeOf<ConnectedSession[]>();
  expectTypeOf(announce.mutate).returns.resolves.toEqualTypeOf<{ delivered: number }>();
  expectTypeOf(send.mutate).toBeCallableWith({ name: "n", data: { any: ["json", 1, null] } });
  // @ts-expect-error data is JSON: a Date has to be text
  expectTypeOf(send.mutate).toBeCallableWith({ name: "n", data: new Date() });
  // @ts-expect-error a message has a name
  expectTypeOf(send.mutate).toBeCallableWith({ data: 1 });
  // @ts-expect-error a version is text
  expectTypeOf(announce.mutate).toBeCallableWith({ version: 2 });
});

test("observers may be told of one thing only, and may be asynchronous", () => {
  expectTypeOf<{
    name: string;
    onConnect: (session: ConnectedSession) => Promise<void>;
  }>().toExtend<SessionObserver>();
  expectTypeOf<{ name: string; onDisconnect: () => void }>().toExtend<SessionObserver>();
  expectTypeOf<{ onConnect: () => void }>().not.toExtend<SessionObserver>();
});
