import type { HotFunction } from "../processes/cpu-profiler.js";

/** Where the time of a profiled window went, by self time. */
export function printProfile(file: string, functions: readonly HotFunction[]): void {
  console.log(`\n  ${file}`);
  for (const { name, place, share } of functions) {
    console.log(`  ${(share * 100).toFixed(1).padStart(5)} %  ${name}  ${place}`);
  }
}
