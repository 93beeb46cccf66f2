import {
  defineTopic,
  type EventInputOf,
  type EventOf,
  type KeyOf,
  type StateOf,
  type StreamEventOf,
  type StreamInputOf,
} from "@jobwire/shared";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";

const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: {
    "order.placed": z.object({ total: z.number() }),
    "order.shipped": z.object({ carrier: z.string() }),
    "order.delivered": z.object({}),
  },
  ends: ["order.delivered"],
  state: z.object({ status: z.enum(["placed", "shipped", "delivered"]), total: z.number() }),
  apply: (state, event) => {
    switch (event.type) {
      case "order.placed":
        return { status: "placed", total: event.total };
      case "order.shipped":
        return { status: "shipped", total: state?.total ?? 0 };
      case "order.delivered":
        return { status: "delivered", total: state?.total ?? 0 };
      default:
        return event satisfies never;
    }
  },
});

const notice = defineTopic("notice", {
  key: z.object({ board: z.string(), floor: z.number() }),
  events: { "notice.posted": z.object({ text: z.string() }) },
});

interface OrderPlaced {
  readonly type: "order.placed";
  readonly orderId: string;
  readonly timestamp: Date;
  readonly total: number;
}

test("events are a flat union with the key's fields and a date", () => {
  expectTypeOf<Extract<EventOf<typeof order>, { type: "order.placed" }>>().toEqualTypeOf<OrderPlaced>();
  expectTypeOf<EventOf<typeof order>["type"]>().toEqualTypeOf<
    "order.placed" | "order.shipped" | "order.delivered"
  >();
  expectTypeOf<KeyOf<typeof notice>>().toEqualTypeOf<{ readonly board: string; readonly floor: number }>();
});

test("a gap carries the state, or null where there is none", () => {
  type Gap = Extract<StreamEventOf<typeof order>, { type: "stream.gap" }>;
  expectTypeOf<Gap["snapshot"]>().toEqualTypeOf<StateOf<typeof order> | null>();
  expectTypeOf<Gap["topic"]>().toEqualTypeOf<"order">();
  expectTypeOf<Gap["orderId"]>().toEqualTypeOf<string>();
  expectTypeOf<
    Extract<StreamEventOf<typeof notice>, { type: "stream.gap" }>["snapshot"]
  >().toEqualTypeOf<null>();
});

test("a switch over a stream's events knows all cases", () => {
  const nameOf = (event: StreamEventOf<typeof order>): string => {
    switch (event.type) {
      case "order.placed":
        return String(event.total);
      case "order.shipped":
        return event.carrier;
      case "order.delivered":
        return event.orderId;
      case "stream.gap":
        return event.snapshot?.status ?? "none";
      default:
        return event satisfies never;
    }
  };
  expectTypeOf(nameOf).returns.toEqualTypeOf<string>();
  const misses = (event: StreamEventOf<typeof order>): unknown => {
    if (event.type === "order.placed" || event.type === "order.shipped" || event.type === "stream.gap")
      return 1;
    // @ts-expect-error order.delivered is missing
    return event satisfies never;
  };
  expectTypeOf(misses).toBeFunction();
});

test("a stream's input is the key and where to go on", () => {
  expectTypeOf<z.output<typeof order.streamInput>>().toEqualTypeOf<StreamInputOf<typeof order>>();
  expectTypeOf<StreamInputOf<typeof order>["types"]>().toEqualTypeOf<
    readonly ("order.placed" | "order.shipped" | "order.delivered")[] | undefined
  >();
});

test("a publisher leaves out what the server knows", () => {
  expectTypeOf<{ type: "order.placed"; total: number }>().toExtend<EventInputOf<typeof order>>();
  expectTypeOf<{ type: "order.placed" }>().not.toExtend<EventInputOf<typeof order>>();
  expectTypeOf<{ type: "order.lost" }>().not.toExtend<EventInputOf<typeof order>>();
});

test("wrong parts do not compile", () => {
  const key = z.object({ id: z.string() });
  const events = { made: z.object({ size: z.number() }) };
  // @ts-expect-error no such type
  defineTopic("wrong", { key, events, ends: ["lost"] });
  // @ts-expect-error the reducer makes another state
  defineTopic("wrong", { key, events, state: z.object({ size: z.number() }), apply: () => ({ size: "1" }) });
  // @ts-expect-error a state needs a reducer
  defineTopic("wrong", { key, events, state: z.object({ size: z.number() }) });
  defineTopic("wrong", {
    key,
    events,
    state: z.number(),
    apply(_state, event) {
      // @ts-expect-error no such field
      const weight: unknown = event.weight;
      return Number(weight);
    },
  });
  // @ts-expect-error a date cannot name a log
  defineTopic("wrong", { key: z.object({ at: z.date() }), events });
});
