import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type Caller, type TestServer } from "../support/test-server.js";
import { runCli } from "./run-cli.js";

let server: TestServer;
let user: Caller;
let service: Caller;
beforeAll(async () => {
  server = await startTestServer();
  [user, service] = [await server.newUser(), await server.newService()];
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (args: readonly string[], caller = user) =>
  runCli(args, { url: server.url, token: caller.token });

const create = (input: Parameters<typeof user.client.jobs.create.mutate>[0]) =>
  user.client.jobs.create.mutate(input);

test("list finds jobs by what is asked for, as a table, as JSON and as counts", async () => {
  const [shop, blog] = [await create({ title: "Shop" }), await create({ title: "Blog", pipeline: "build" })];
  await service.client.jobs.transition.mutate({ jobId: shop.id, to: "failed" });
  const [all, failed, json, counts, none, wrong] = await Promise.all([
    run(["list"]),
    run(["list", "--status", "failed"]),
    run(["list", "--pipeline", "build", "--search", "blo", "--json"]),
    run(["list", "--counts"]),
    run(["list", "--search", "nothing"]),
    run(["list", "--since", "yesterday"]),
  ]);
  expect(all.stdout).toMatch(
    new RegExp(
      `^${blog.id}  Queued +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +build +Blog\n${shop.id}  Build failed +.* Shop\n$`,
    ),
  );
  expect(failed.stdout.split("\n")).toHaveLength(2);
  expect(failed.stdout).toContain(shop.id);
  expect(JSON.parse(json.stdout)).toMatchObject({ id: blog.id, pipeline: "build" });
  expect(counts.stdout).toMatch(/^queued +1$/m);
  expect(counts.stdout).toMatch(/^failed +1$/m);
  expect(none).toMatchObject({ code: 0, stdout: "", stderr: "There are none.\n" });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("Expected a time such as");
});

test("a job is shown, stopped, repeated and removed", async () => {
  const { id } = await create({ title: "Shop", pipeline: "nobody", metadata: { branch: "main" } });
  const shown = await run(["show", id]);
  expect(shown.stdout).toMatch(/^Shop\nStatus +Queued\nWaits for +a worker/);
  expect(shown.stdout).toContain(`${server.url}/jobs/${id}`);
  expect(shown.stdout).toMatch(/^branch +main$/m);
  expect(await run(["cancel", id, "--reason", "wrong branch"])).toMatchObject({
    code: 0,
    stdout: `${id}  Build failed\n`,
  });
  const [again, open, rerun] = await Promise.all([
    run(["cancel", id]),
    run(["open", id, "--print"]),
    run(["rerun", id]),
  ]);
  expect(again).toMatchObject({ code: 4, stderr: expect.stringContaining("JOB_FINISHED") });
  expect(open.stdout).toBe(`${server.url}/jobs/${id}\n`);
  expect(await user.client.jobs.get.query({ jobId: rerun.stdout.trim() })).toMatchObject({
    title: "Shop",
    rerunOf: id,
  });
  expect(await run(["remove", id])).toMatchObject({ code: 0, stdout: `${id}  Removed\n` });
  expect(await run(["show", id])).toMatchObject({ code: 4 });
});

test("services move jobs and see who works; users see what is worked on", async () => {
  const { id } = await create({});
  await service.client.work.offer.mutate({
    workerId: "w1",
    host: "mill",
    pipelines: ["build"],
    projects: ["site"],
  });
  const [moved, workers, pipelines, refused] = await Promise.all([
    run(["transition", id, "starting", "--json"], service),
    run(["workers"], service),
    run(["workers", "--pipelines"]),
    run(["workers"]),
  ]);
  expect(JSON.parse(moved.stdout)).toMatchObject({ id, status: "starting" });
  expect(workers.stdout).toMatch(/^w1 +mill +build +site +0 running +since \d{4}/);
  expect(pipelines.stdout).toMatch(/^build +1 workers +\d+ waiting +site$/m);
  expect(refused.code).toBe(4);
});

test("output is printed to where it was written, of one stage or all, and followed to the end", async () => {
  const { id: jobId } = await create({});
  const piece = (text: string, stream: "stdout" | "stderr", stage: "code" | "checks") =>
    ({ stage, attempt: 1, stream, text }) as const;
  await service.client.work.write.mutate({
    jobId,
    pieces: [piece("one\n", "stdout", "code"), piece("two\n", "stderr", "checks")],
  });
  expect(await run(["output", jobId])).toMatchObject({ code: 0, stdout: "one\ntwo\n" });
  await service.client.jobs.transition.mutate({ jobId, to: "failed" });
  const [followed, ofStage, json] = await Promise.all([
    run(["output", jobId, "--follow"]),
    run(["output", jobId, "--stage", "checks"]),
    run(["output", jobId, "--json"]),
  ]);
  expect(followed).toEqual({ code: 0, stdout: "one\n", stderr: "two\n" });
  expect(ofStage).toEqual({ code: 0, stdout: "", stderr: "two\n" });
  expect(
    json.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type),
  ).toEqual(["output.appended", "output.appended", "output.ended"]);
});
