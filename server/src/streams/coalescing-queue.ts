import type { Flushable, FlushQueue } from "./flush-queue.js";

/** Flushes what became due after a span of time: everything that came in it is joined. */
export class CoalescingQueue implements Pick<FlushQueue, "add"> {
  constructor(private readonly spanMs: number) {}

  add(flushable: Flushable): void {
    setTimeout(() => flushable.flush(), this.spanMs).unref();
  }
}
