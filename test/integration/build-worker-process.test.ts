import { once } from "node:events";
import { expect, test } from "vitest";
import {
  makeFolder,
  openBuildShop,
  openCheckpoint,
  packageJson,
  siteFolder,
  buildWorkerProgram,
  startProgram,
  type Checkpoint,
} from "./build-worker-fixture.js";
import { failureOf, outline } from "./worker-fixture.js";

function projectThatWaits({ program }: Checkpoint) {
  return makeFolder({
    "package.json": packageJson({ test: "node checkpoint.cjs" }),
    "checkpoint.cjs": program,
  });
}

test("a job whose worker is killed in the middle of a stage fails and says that the lease ran out", async () => {
  await using checkpoint = await openCheckpoint();
  await using project = await projectThatWaits(checkpoint);
  await using shop = await openBuildShop({ projects: { it: project.path }, args: ["--lease-ms=1000"] });
  const jobId = await shop.createJob("it");
  await checkpoint.reached;
  shop.worker.process.kill("SIGKILL");
  expect(await shop.worker.exit).toBe("SIGKILL");
  const reason = failureOf(await shop.eventsOf(jobId));
  expect(reason).toMatch(/\blease\b/);
  expect(reason).toContain("checks");
});

test("on SIGTERM the worker finishes its job and ends with 0", async () => {
  await using checkpoint = await openCheckpoint();
  await using project = await projectThatWaits(checkpoint);
  await using shop = await openBuildShop({ projects: { it: project.path } });
  const jobId = await shop.createJob("it");
  const script = await checkpoint.reached;
  shop.worker.process.kill("SIGTERM");
  script.write("go on");
  expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
  expect(await shop.worker.exit).toBe(0);
  expect(await shop.temporaryFolders()).toEqual([]);
});

test("a job that is cancelled ends its project's programs, leaves nothing behind, and the worker goes on", async () => {
  await using checkpoint = await openCheckpoint();
  await using project = await projectThatWaits(checkpoint);
  await using other = await makeFolder({ "package.json": packageJson({}) });
  await using shop = await openBuildShop({ projects: { it: project.path, other: other.path } });
  const jobId = await shop.createJob("it");
  const scriptEnded = once(await checkpoint.reached, "close");
  const { client } = await shop.server.newService();
  await client.jobs.cancel.mutate({ jobId, reason: "not needed" });
  await scriptEnded;
  expect((await shop.eventsOf(jobId)).at(-1)).toMatchObject({ outcome: "cancelled" });
  expect(outline(await shop.build("other")).at(-1)).toBe("started ready");
  await expect.poll(() => shop.temporaryFolders()).toEqual([]);
});

test("on the second SIGTERM the worker ends at once, and its project's programs with it", async () => {
  await using checkpoint = await openCheckpoint();
  await using project = await projectThatWaits(checkpoint);
  await using shop = await openBuildShop({ projects: { it: project.path } });
  await shop.createJob("it");
  const script = await checkpoint.reached;
  const scriptEnded = once(script, "close");
  shop.worker.process.kill("SIGTERM");
  await shop.worker.lines.until((line) => line.includes("stopping"));
  shop.worker.process.kill("SIGTERM");
  expect(await shop.worker.exit).toBe(1);
  await scriptEnded;
});

test("when its parent goes away the worker fails its job, ends what it started and cleans up", async () => {
  await using checkpoint = await openCheckpoint();
  await using project = await projectThatWaits(checkpoint);
  await using shop = await openBuildShop({ projects: { it: project.path } });
  const jobId = await shop.createJob("it");
  const script = await checkpoint.reached;
  const scriptEnded = once(script, "close");
  shop.worker.process.disconnect();
  expect(await shop.worker.exit).toBe(0);
  await scriptEnded;
  expect(failureOf(await shop.eventsOf(jobId))).toMatch(/^Worker \S+ was stopped before the job was done\.$/);
  expect(await shop.temporaryFolders()).toEqual([]);
});

test("what a project's script leaves running is ended", async () => {
  await using foreground = await openCheckpoint();
  await using background = await openCheckpoint();
  await using project = await makeFolder({
    "package.json": packageJson({ test: "node test.cjs" }),
    "background.cjs": background.program,
    "test.cjs": `require("node:child_process").spawn("node", ["background.cjs"], { stdio: "inherit" }).unref();
      ${foreground.program}`,
  });
  await using shop = await openBuildShop({ projects: { it: project.path } });
  const jobId = await shop.createJob("it");
  const left = await background.reached;
  const leftEnded = once(left, "close");
  (await foreground.reached).write("go on");
  expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
  await leftEnded;
});

test("a token that arrives later from the parent is used", async () => {
  await using shop = await openBuildShop({
    projects: { site: siteFolder },
    env: { JOBWIRE_TOKEN: "expired" },
  });
  const jobId = await shop.createJob("site");
  await shop.worker.lines.until((line) => line.includes("trying again"));
  shop.worker.process.send({ token: await shop.server.token("worker", "service") });
  expect(outline(await shop.eventsOf(jobId)).at(-1)).toBe("started ready");
});

test.each([
  [["--help"], 0, /^Usage:/],
  [["--project", "nonsense"], 2, /expected <name>=<folder>/],
  [["--project", "it=/no/such/folder"], 2, /there is no folder/],
  [["--lease-ms", "5"], 2, /1000 to 600000/],
  [["--unknown"], 2, /--unknown/],
])("the build worker called with %j ends with %i", async (args, code, message) => {
  await using program = startProgram(buildWorkerProgram, args, { JOBWIRE_TOKEN: "token" });
  expect(await program.exit).toBe(code);
  expect(program.lines.items.join("\n")).toMatch(message);
});

test("without a token the worker does not start", async () => {
  await using program = startProgram(buildWorkerProgram, [], { JOBWIRE_TOKEN: "" });
  expect(await program.exit).toBe(2);
  expect(program.lines.items.join("\n")).toMatch(/JOBWIRE_TOKEN/);
});
