import { readFileSync } from "node:fs";
import type { Usage } from "../contenders/contender.js";

const tickUs = 10_000;
const pageBytes = 4096;

/** What the system has counted for a process, on Linux: to a hundredth of a second. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the name, which may hold spaces, field 3 comes first. Source: proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { cpuUs: (field(14) + field(15)) * tickUs, rssBytes: field(24) * pageBytes };
}

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
