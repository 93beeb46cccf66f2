import { parseArgs } from "node:util";
import type { Fault } from "./fault.js";
import type { LoadSize } from "./support/load.js";

export interface Options {
  readonly faults: readonly Fault[];
  readonly seeds: readonly number[];
  readonly size: LoadSize;
  readonly isShort: boolean;
}

const maxSeed = 999_999_999;

/** @throws Error that says what is wrong; `null`: help was asked for. */
export function readOptions(args: readonly string[], faults: readonly Fault[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fault: { type: "string", multiple: true },
      seeds: { type: "string", default: "1" },
      seed: { type: "string" },
      publishers: { type: "string", default: "4" },
      streams: { type: "string", default: "12" },
      jobs: { type: "string", default: "3" },
      short: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const unknown = values.fault?.filter((name) => !faults.some((fault) => fault.name === name)) ?? [];
  if (unknown.length > 0) {
    const names = faults.map(({ name }) => name).join(", ");
    throw new Error(`There is no fault ${unknown.join(", ")}. There are: ${names}.`);
  }
  const count = wholeNumber("seeds", values.seeds);
  return {
    faults: faults.filter(({ name }) => values.fault?.includes(name) ?? true),
    seeds:
      values.seed === undefined
        ? Array.from({ length: count }, () => 1 + Math.floor(Math.random() * maxSeed))
        : [wholeNumber("seed", values.seed)],
    size: {
      publishers: wholeNumber("publishers", values.publishers),
      streams: wholeNumber("streams", values.streams),
      jobs: wholeNumber("jobs", values.jobs),
    },
    isShort: values.short,
  };
}

export function helpText(faults: readonly Fault[]): string {
  return `Breaks Redis, networks and servers under load and accounts for every event.

  npm run test:faults -- [options]

  --fault <name>      only this fault; may be repeated
  --seeds <n>         how many seeds for each fault (default 1)
  --seed <x>          this seed: repeats the choices of a run
  --publishers <n>    how many publish at once (default 4)
  --streams <n>       how many streams watch (default 12)
  --jobs <n>          how many jobs they share (default 3)
  --short             shorter outages, as in the tests
  -h, --help          show this

Faults:
${faults.map(({ name, title }) => `  ${name.padEnd(14)} ${title}`).join("\n")}

Needs redis-server on the PATH. The exit code is 1 when an event was lost without a gap, doubled or out of order, or
when a server showed a defect.`;
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option} needs a whole number from 1.`);
  return number;
}
