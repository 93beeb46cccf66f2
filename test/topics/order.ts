import { defineTopic } from "@jobwire/shared";
import { openJobwire, type JobwireStore } from "@jobwire/server/topics";
import { TRPCError } from "@trpc/server";
import { z } from "zod";

/** An outsider's topic with a state that is folded, and an end. */
export const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: {
    "order.placed": z.object({ total: z.number().min(0) }),
    "order.shipped": z.object({ carrier: z.string() }),
    "order.noted": z.object({ text: z.string() }),
    "order.delivered": z.object({}),
  },
  ends: ["order.delivered"],
  state: z.object({
    status: z.enum(["placed", "shipped", "delivered"]),
    total: z.number(),
    notes: z.array(z.string()),
    placedAt: z.date(),
  }),
  apply(state, event) {
    if (event.type === "order.placed") {
      if (state) throw new Error("placed twice");
      return { status: "placed", total: event.total, notes: [], placedAt: event.timestamp };
    }
    if (!state) throw new Error("not placed");
    switch (event.type) {
      case "order.shipped":
        return { ...state, status: "shipped" };
      case "order.noted":
        return { ...state, notes: [...state.notes, event.text] };
      case "order.delivered":
        return { ...state, status: "delivered" };
      default:
        return event satisfies never;
    }
  },
});

/** One without a state. */
const notice = defineTopic("notice", {
  key: z.object({ board: z.string(), floor: z.number() }),
  events: { "notice.posted": z.object({ text: z.string() }), "notice.closed": z.object({}) },
  ends: ["notice.closed"],
});

export interface OpenOptions {
  readonly maxEvents?: number;
  readonly retainMs?: number;
}

export async function openShop(store: JobwireStore, options: OpenOptions = {}) {
  const errors: unknown[] = [];
  const warnings: string[] = [];
  const jobwire = await openJobwire({
    store,
    ...options,
    onError: (error) => errors.push(error),
    onWarning: (warning) => warnings.push(warning),
  });
  const orders = jobwire.topic(order, {
    index: ({ status, total }) => [`status/${status}`, ...(total > 100 ? ["large"] : [])],
  });
  const notices = jobwire.topic(notice);
  return {
    jobwire,
    orders,
    notices,
    errors,
    warnings,
    ship: (orderId: string, carrier: string) =>
      orders.change({ orderId }, (state) => {
        if (state?.status !== "placed")
          throw new TRPCError({ code: "CONFLICT", message: `It is ${state?.status ?? "not there"}.` });
        return { type: "order.shipped", carrier };
      }),
    [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose](),
  };
}

export type Shop = Awaited<ReturnType<typeof openShop>>;

interface Traced {
  readonly id: string;
  readonly event: { readonly type: string };
}

/** The first so many events of a stream, or all until it ends. */
export async function take<Event extends { readonly type: string }>(
  stream: AsyncIterable<readonly [string, Event, ...unknown[]]>,
  count = Number.POSITIVE_INFINITY,
): Promise<(Traced & { readonly event: Event })[]> {
  const taken: { id: string; event: Event }[] = [];
  if (count === 0) return taken;
  for await (const [id, event] of stream) {
    taken.push({ id, event });
    if (taken.length >= count) break;
  }
  return taken;
}

export function typesOf(taken: readonly Traced[]): string[] {
  return taken.map(({ event }) => event.type);
}
