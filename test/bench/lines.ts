import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { alignedText } from "./report/table.js";

const help = `Usage: npm run bench:lines -- [options]

How many lines of code each room has, and had at an earlier commit: all that is in git but tests, docs and examples.

Options:
  --since <commit>  the earlier one (the last with domains that do their own storing)
  -h, --help        show this
`;

/** Before there were topics: each domain wrote its records, guards, indexes and sweeps by hand. */
const beforeTopics = "e92538819fe3162ecfbc96c991ba68c3ea655d85";
const code = /\.(ts|tsx|css|js)$/;
const notCounted = /^(test|docs|examples)\//;

const { values } = parseArgs({
  options: { since: { type: "string", default: beforeTopics }, help: { type: "boolean", short: "h" } },
});
if (values.help) console.log(help);
else print(linesByRoom(values.since), linesByRoom("HEAD"));

function print(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): void {
  const rooms = [...new Set([...before.keys(), ...now.keys()])].toSorted();
  const row = (room: string) => [room, String(before.get(room) ?? ""), String(now.get(room) ?? "")];
  const sum = (counts: ReadonlyMap<string, number>, counted = rooms) =>
    String(counted.reduce((total, room) => total + (counts.get(room) ?? 0), 0));
  const standing = rooms.filter((room) => before.has(room));
  const table = [
    ["room", "before", "now"],
    ...rooms.map(row),
    ["rooms that stood before, with what is new in them", sum(before, standing), sum(now, standing)],
    ["all", sum(before), sum(now)],
  ];
  console.log(alignedText(table));
}

function linesByRoom(commit: string): Map<string, number> {
  const rooms = new Map<string, number>();
  for (const path of git("ls-tree", "-r", "--name-only", commit).split("\n")) {
    if (!code.test(path) || notCounted.test(path)) continue;
    const room = roomOf(path);
    const lines = git("show", `${commit}:${path}`).split("\n").length - 1;
    rooms.set(room, (rooms.get(room) ?? 0) + lines);
  }
  return rooms;
}

/** A folder of a package's sources, or the dashboard as a whole. */
function roomOf(path: string): string {
  const parts = path.split("/");
  if (parts[1] === "dashboard") return "client/dashboard";
  return parts.slice(0, parts.length > 3 ? 3 : 2).join("/");
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8", maxBuffer: 2 ** 26 });
}
