import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  makeFolder,
  openCheckpoint,
  packageJson,
  startProgram,
  type Folder,
  type Program,
} from "./build-worker-fixture.js";

function startDemo(args: readonly string[], temporary?: Folder): Program {
  return startProgram("examples/demo/main.ts", args, temporary && { TMPDIR: temporary.path });
}

const textOf = ({ lines }: Program) => lines.items.join("\n");

/** A whole build, with a browser that takes the picture. */
const patience = { timeout: 60_000 };

test(
  "the demo builds the sample site, shows every stage and what came of it, and ends with 0",
  patience,
  async () => {
    await using temporary = await makeFolder();
    await using demo = startDemo([], temporary);
    expect(await demo.exit).toBe(0);
    const [, picture = ""] = /Picture +(\S+)/.exec(textOf(demo)) ?? [];
    expect((await stat(picture)).size).toBeGreaterThan(100);
    const stages = ["Queued", "Starting", "Scaffolding workspace", "Writing code", "Installing dependencies"];
    expect(textOf(demo)).toMatch(new RegExp([...stages, "Running checks", "Build complete!"].join("[^]*")));
    expect(textOf(demo)).toContain("Built harbour-notes: 3 files");
    expect(textOf(demo)).toContain("harbour-notes 1.0.0");
  },
);

test("the demo of a project that fails shows the failing line, keeps the rest, and ends with the command that failed", async () => {
  await using project = await makeFolder({
    "package.json": packageJson({ test: "echo expected 1 to be 2; exit 7" }),
  });
  await using temporary = await makeFolder();
  await using demo = startDemo([project.path], temporary);
  expect(await demo.exit).toBe(1);
  const text = textOf(demo);
  expect(text).toMatch(/Build failed[^]*npm run test exited with code 7: expected 1 to be 2/);
  const [, output = ""] = /All that it wrote: (\S+)/.exec(text) ?? [];
  expect(await readFile(output, "utf8")).toMatch(/^expected 1 to be 2$/m);
  expect(text.trimEnd().split("\n").at(-1)).toBe(`Try it yourself: cd ${project.path} && npm run test`);
});

test("Ctrl-C ends the demo with 130 and leaves nothing behind", async () => {
  await using checkpoint = await openCheckpoint();
  await using project = await makeFolder({
    "package.json": packageJson({ test: "node checkpoint.cjs" }),
    "checkpoint.cjs": checkpoint.program,
  });
  await using temporary = await makeFolder();
  await using demo = startDemo([project.path], temporary);
  const script = await checkpoint.reached;
  const scriptEnded = once(script, "close");
  demo.process.kill("SIGINT");
  expect(await demo.exit).toBe(130);
  await scriptEnded;
  expect((await readdir(temporary.path)).filter((name) => name.startsWith("jobwire-"))).toEqual([]);
});

test("Ctrl-C before the worker is up ends the demo with 130 as well", async () => {
  await using demo = startDemo([]);
  await demo.lines.until((line) => line.startsWith("Building"));
  demo.process.kill("SIGINT");
  expect(await demo.exit).toBe(130);
});

test("a folder that is absent or no project ends the demo with 2", async () => {
  await using empty = await makeFolder();
  await using absent = startDemo(["/no/such/folder"]);
  await using noProject = startDemo([empty.path]);
  expect(await absent.exit).toBe(2);
  expect(textOf(absent)).toContain("There is no folder /no/such/folder.");
  expect(await noProject.exit).toBe(2);
  expect(textOf(noProject)).toContain(`${empty.path}: There is no package.json`);
});

test("the demo says how it is used", async () => {
  await using demo = startDemo(["--help"]);
  expect(await demo.exit).toBe(0);
  expect(textOf(demo)).toMatch(/^Usage: npm run demo/);
});
