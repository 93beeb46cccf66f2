import { EventEmitter, on } from "node:events";
import { initTRPC, tracked } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { z } from "zod";

/** A router of your own: nothing in it knows Jobwire. What its subscriptions yield is what goes over the wire. */

/** Own events: a union that clients get with its types. */
export type RoomEvent =
  | { readonly type: "message"; readonly number: number; readonly from: string; readonly text: string }
  | { readonly type: "left"; readonly number: number; readonly from: string };

const { router, procedure } = initTRPC.create({ isDev: false });

/** A room where people talk; its events are kept as long as the process lives. */
export function createRoomRouter() {
  const history: RoomEvent[] = [];
  const room = new EventEmitter<{ event: [RoomEvent] }>().setMaxListeners(0);

  const add = (event: RoomEvent): RoomEvent => {
    history.push(event);
    room.emit("event", event);
    return event;
  };

  return router({
    say: procedure
      .input(z.object({ from: z.string(), text: z.string() }))
      .mutation(({ input }) => add({ type: "message", number: history.length + 1, ...input })),
    leave: procedure
      .input(z.object({ from: z.string() }))
      .mutation(({ input }) => add({ type: "left", number: history.length + 1, ...input })),
    count: procedure.query(() => history.length),

    /** Every event once and in order. With the id of the last one received it continues after it. */
    events: procedure
      .input(z.object({ lastEventId: z.string().nullish() }).optional())
      .subscription(async function* ({ input, signal }) {
        // Listens before it looks back, so that nothing falls in between.
        const live = on(room, "event", signal ? { signal } : {}) as AsyncIterable<[RoomEvent]>;
        let last = Number(input?.lastEventId ?? 0);
        for (const event of history.slice(last)) {
          yield tracked(String(event.number), event);
          last = event.number;
        }
        for await (const [event] of live) {
          if (event.number > last) yield tracked(String(event.number), event);
        }
      }),

    /** Ticks until nobody listens or the clock has run out. */
    clock: procedure
      .input(z.object({ everyMs: z.number().min(1), times: z.number().min(1) }))
      // oxlint-disable-next-line typescript/no-deprecated -- shows that routers with observables work too
      .subscription(({ input: { everyMs, times } }) =>
        observable<number>((observer) => {
          let ticks = 0;
          const timer = setInterval(() => {
            observer.next(++ticks);
            if (ticks === times) observer.complete();
          }, everyMs);
          return () => clearInterval(timer);
        }),
      ),
  });
}
