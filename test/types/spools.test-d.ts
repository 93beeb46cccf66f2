import type { AppRouter } from "@jobwire/server";
import type { Spool, SpoolEvent, SpoolStreamEvent, StreamGap } from "@jobwire/shared";
import type { createTRPCClient } from "@trpc/client";
import { expectTypeOf, test } from "vitest";

declare const client: ReturnType<typeof createTRPCClient<AppRouter>>;
declare function assertNever(value: never): never;

test("the stream yields ids and events of the contract, nothing wider", () => {
  client.spools.updates.subscribe(undefined, {
    onData(item) {
      expectTypeOf(item).toEqualTypeOf<{ id: string; data: SpoolStreamEvent }>();
      expectTypeOf(item.data.timestamp).toEqualTypeOf<Date>();
      expectTypeOf(item.data).not.toHaveProperty("data");
      // @ts-expect-error a gap is about no one spool: look at `type` first
      expectTypeOf(item.data.tagSpool);
    },
  });
});

test("type tells the events apart, and a switch over all of them is complete", () => {
  const read = (event: SpoolStreamEvent) => {
    switch (event.type) {
      case "TOMAR":
      case "PAUSAR":
      case "COMPLETAR":
      case "STATE_CHANGE":
        expectTypeOf(event).toExtend<SpoolEvent>();
        expectTypeOf(event.workerNombre).toEqualTypeOf<string | null>();
        expectTypeOf(event.estadoDetalle).toEqualTypeOf<string | null>();
        expectTypeOf(event.additionalData).toEqualTypeOf<Record<string, string> | undefined>();
        return event.tagSpool;
      case "stream.gap":
        expectTypeOf(event).toEqualTypeOf<StreamGap<readonly Spool[]>>();
        return event.reason;
      default:
        return assertNever(event);
    }
  };
  expectTypeOf(read).returns.toEqualTypeOf<string>();
});

test("a switch that forgets the gap does not compile", () => {
  const forgets = (event: SpoolStreamEvent) => {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- that is the point
    switch (event.type) {
      case "TOMAR":
      case "PAUSAR":
      case "COMPLETAR":
      case "STATE_CHANGE":
        return event.tagSpool;
      default:
        // @ts-expect-error stream.gap is left over
        return assertNever(event);
    }
  };
  expectTypeOf(forgets).returns.toEqualTypeOf<string>();
});

test("calls take and give what the contract says", () => {
  const { spools } = client;
  expectTypeOf(spools.tomar.mutate).returns.resolves.toEqualTypeOf<Spool>();
  expectTypeOf(spools.register.mutate).returns.resolves.toEqualTypeOf<Spool>();
  expectTypeOf(spools.list.query).returns.resolves.toEqualTypeOf<Spool[]>();
  expectTypeOf(spools.publish.mutate).returns.resolves.toEqualTypeOf<{ published: boolean }>();
  // @ts-expect-error a spool is taken by somebody
  void spools.tomar.mutate({ tagSpool: "A" });
  // @ts-expect-error the server says when
  void spools.publish.mutate({ type: "PAUSAR", tagSpool: "A", timestamp: new Date() });
  // @ts-expect-error not one of the four
  void spools.publish.mutate({ type: "TAKEN", tagSpool: "A" });
});
