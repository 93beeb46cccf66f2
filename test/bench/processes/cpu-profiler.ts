import { writeFile } from "node:fs/promises";
import { Session, type Profiler } from "node:inspector/promises";

const samplingIntervalUs = 250;
const shownFunctions = 25;

/** A function and its share of the samples that were not idle. */
export interface HotFunction {
  readonly name: string;
  readonly place: string;
  readonly share: number;
}

/** Records what this process spends its CPU on, between `start` and `stop`. */
export class CpuProfiler {
  #session: Session | undefined;

  async start(): Promise<void> {
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: samplingIntervalUs });
    await session.post("Profiler.start");
    this.#session = session;
  }

  /** Writes the profile, for the developer tools of a browser. @returns where most time went, by self time. */
  async stop(file: string): Promise<HotFunction[]> {
    if (!this.#session) return [];
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    this.#session = undefined;
    await writeFile(file, JSON.stringify(profile));
    return hottest(profile);
  }
}

function hottest({ nodes }: Profiler.Profile): HotFunction[] {
  const samples = new Map<string, { name: string; place: string; hits: number }>();
  let total = 0;
  for (const { callFrame, hitCount = 0 } of nodes) {
    const name = callFrame.functionName || "(anonymous)";
    if (name === "(idle)" || name === "(root)") continue;
    const place = `${callFrame.url.split("/").slice(-2).join("/")}:${callFrame.lineNumber + 1}`;
    const key = `${name} ${place}`;
    const known = samples.get(key) ?? { name, place, hits: 0 };
    known.hits += hitCount;
    total += hitCount;
    samples.set(key, known);
  }
  return [...samples.values()]
    .toSorted((one, other) => other.hits - one.hits)
    .slice(0, shownFunctions)
    .map(({ name, place, hits }) => ({ name, place, share: hits / Math.max(1, total) }));
}
