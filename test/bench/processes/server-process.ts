import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { loadContender } from "../contenders/load-contender.js";
import type { ContenderName, ServeOptions, Serving } from "../contenders/contender.js";
import type { BenchEvent } from "../event.js";
import { answerCalls } from "./child.js";
import { CpuProfiler, type HotFunction } from "./cpu-profiler.js";

let serving: Serving | undefined;
const loopDelay = monitorEventLoopDelay({ resolution: 1 });
const profiler = new CpuProfiler();

/** What the process of a contender's server answers to. */
const calls = {
  async start({ name, options }: { name: ContenderName; options: ServeOptions }): Promise<number> {
    const contender = await loadContender(name);
    serving = await contender.serve(options);
    return serving.port;
  },

  /** User and system time of all threads so far. */
  cpuUs(): number {
    if (serving?.elsewhere) return serving.elsewhere.usage().cpuUs;
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  /** After garbage collection. `heapBytes` is the JavaScript heap and what it holds outside of it. */
  async memory(): Promise<Memory> {
    if (serving?.elsewhere) return { rssBytes: serving.elsewhere.usage().rssBytes, heapBytes: null };
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await delay(100);
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rssBytes: rss, heapBytes: heapUsed + external };
  },

  /** From here on it is measured how late timers are. */
  startLoopDelay(): void {
    loopDelay.reset();
    loopDelay.enable();
  },

  /** Of 100 turns of the event loop 99 took no longer than this, since `startLoopDelay`. */
  stopLoopDelay(): number {
    loopDelay.disable();
    return loopDelay.percentile(99) / 1e6;
  },

  async publish(events: readonly { topic: string; event: BenchEvent }[]): Promise<void> {
    await Promise.all(events.map(async ({ topic, event }) => serving?.publisher?.publish(topic, event)));
  },

  startProfile: (): Promise<void> => profiler.start(),

  stopProfile: (file: string): Promise<HotFunction[]> => profiler.stop(file),
};

export type ServerCalls = typeof calls;

export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number | null;
}

answerCalls(calls, async () => serving?.elsewhere?.stop());
