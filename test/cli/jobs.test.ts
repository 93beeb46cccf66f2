import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { JobStatus } from "@jobwire/shared";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTcpProxy } from "../sse/support/tcp-proxy.js";
import { startTestServer, type Caller, type TestServer } from "../support/test-server.js";
import { cliCommand, runCli, startCli } from "./run-cli.js";

let server: TestServer;
let user: Caller;
let service: Caller;
beforeAll(async () => {
  server = await startTestServer();
  [user, service] = [await server.newUser(), await server.newService()];
});
afterAll(() => server[Symbol.asyncDispose]());

const access = () => ({ url: server.url, token: user.token });

async function createJob(): Promise<string> {
  return (await user.client.jobs.create.mutate({ title: "Shop" })).id;
}

async function move(jobId: string, ...path: readonly JobStatus[]): Promise<void> {
  for (const to of path) await service.client.jobs.transition.mutate({ jobId, to });
}

const toReady = ["starting", "scaffold", "code", "deps", "checks", "ready"] as const;

test("create prints the id of the job it made, and nothing else", async () => {
  const args = ["create", "--title", "Shop", "--metadata", "branch=main", "--metadata", "note=a=b"];
  const { code, stdout, stderr } = await runCli(args, access());
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const job = await user.client.jobs.get.query({ jobId: stdout.trim() });
  expect(job).toMatchObject({ title: "Shop", metadata: { branch: "main", note: "a=b" } });
});

test("watch shows a job line by line and ends with 0 when it is ready", async () => {
  const jobId = await createJob();
  await using cli = startCli(["watch", jobId], access());
  await cli.lines.until((line) => line.includes("Queued"));
  await move(jobId, "starting", "scaffold", "code");
  await service.client.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "code", percent: 40, message: "2 of 5 pages\nmore" },
  });
  await move(jobId, "deps", "checks", "ready");
  const { code, stdout, stderr } = await cli.result;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}Queued\.\.\.\n/);
  expect(stdout).toMatch(/ {2}code {2}40% {2}2 of 5 pages\n/);
  expect(stdout).toMatch(/ {2}Build complete!\n$/);
});

test("watch of a job that fails ends with 1 and says why on stderr", async () => {
  const jobId = await createJob();
  const message = "npm test exited with 7\nexpected 1 to be 2";
  await service.client.jobs.transition.mutate({ jobId, to: "failed", message });
  const { code, stderr } = await runCli(["watch", jobId], access());
  expect({ code, stderr }).toEqual({ code: 1, stderr: `Build failed\n${message}\n` });
});

test("watch --json prints events as NDJSON with contiguous ids; --after continues after one of them", async () => {
  const jobId = await createJob();
  await move(jobId, ...toReady);
  const whole = await runCli(["watch", jobId, "--json"], access());
  const events = whole.stdout.trimEnd().split("\n").map(parse);
  expect(events).toHaveLength(13);
  expect(events[0]).toMatchObject({ type: "build.stage.started", status: "queued", jobId });
  expect(new Date(String(events[0]?.timestamp)).toISOString()).toBe(events[0]?.timestamp);
  expect(events.map(({ id }) => Number(id.split(":")[1]))).toEqual(events.map((_, index) => index + 1));
  const rest = await runCli(["watch", jobId, "--json", "--after", events[9]?.id ?? ""], access());
  expect(rest.stdout.trimEnd().split("\n").map(parse)).toEqual(events.slice(10));
  const nothing = await runCli(["watch", jobId, "--json", "--after", events[12]?.id ?? ""], access());
  expect(nothing).toMatchObject({ code: 0, stdout: "" });
});

function parse(line: string) {
  return JSON.parse(line) as { readonly id: string; readonly timestamp: string };
}

test("what others wrote into an event does not reach the terminal as a command", async () => {
  const jobId = await createJob();
  const message = "\u001b[2J\u001b]0;owned\u0007wiped\u009b31m\u202edepiw\u2069";
  await service.client.jobs.transition.mutate({ jobId, to: "failed", message });
  const { stdout, stderr } = await runCli(["watch", jobId], access());
  expect(stdout + stderr).toContain("wiped");
  expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/u);
});

test("a job that is not there ends with 4, and says so", async () => {
  const { code, stderr } = await runCli(["watch", "none"], access());
  expect(code).toBe(4);
  expect(stderr).toMatch(/^There is no job "none" that you may see\. \(JOB_NOT_FOUND\)\n$/);
});

test("create --watch follows the new job, and Ctrl-C ends it with 130", async () => {
  await using cli = startCli(["create", "--watch"], access());
  await cli.lines.until((line) => line.includes("Queued"));
  cli.process.kill("SIGINT");
  const { code, stderr } = await cli.result;
  expect(code).toBe(130);
  const [id = "", link, goesOn] = stderr.split("\n");
  expect(link).toBe(`${server.url}/jobs/${id}`);
  expect(goesOn).toContain(`jobwire watch ${id}`);
  expect(await user.client.jobs.get.query({ jobId: id })).toMatchObject({ status: "queued" });
});

test("feed shows the jobs of the caller, of the types that are asked for", async () => {
  await using cli = startCli(["feed", "--all", "--types", "build.stage.started"], access());
  const jobId = await createJob();
  await move(jobId, "starting");
  await cli.lines.until((line) => line.startsWith(`${jobId}  Shop  `) && line.endsWith("Starting..."));
  cli.process.kill("SIGINT");
  const { code, stdout } = await cli.result;
  expect(code).toBe(130);
  expect(stdout).not.toContain("done in");
});

test("a stream that breaks is told on stderr and loses nothing", async () => {
  await using proxy = await startTcpProxy(Number(new URL(server.url).port));
  const jobId = await createJob();
  await using cli = startCli(["watch", jobId, "--json"], { url: proxy.url, token: user.token });
  await cli.lines.first(1);
  proxy.breakAll();
  await cli.errors.until((line) => line.startsWith("The stream is broken"));
  await move(jobId, ...toReady);
  const { code, stdout, stderr } = await cli.result;
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(13);
  expect(stderr).toContain("Connected");
});

test("a reader that has enough ends it quietly", async () => {
  const jobId = await createJob();
  await move(jobId, "starting");
  const shell = `${cliCommand.map((part) => `'${part}'`).join(" ")} feed | head -n 1`;
  let isReading = true;
  const reading = promisify(execFile)("sh", ["-c", shell], {
    env: { PATH: process.env["PATH"], NO_COLOR: "1", JOBWIRE_URL: server.url, JOBWIRE_TOKEN: user.token },
    timeout: 20_000,
  }).finally(() => (isReading = false));
  // That nobody reads any more shows when something is written.
  const event = { type: "build.progress", stage: "starting", percent: 1 } as const;
  while (isReading) await service.client.jobs.publish.mutate({ jobId, event });
  const { stdout, stderr } = await reading;
  expect(stdout.split("\n")).toHaveLength(2);
  expect(stderr).toBe("");
});

test("the token is never printed, whatever goes wrong", async () => {
  const token = `${user.token}x`;
  for (const args of [["feed"], ["watch", "none"], ["create"], ["spools"], ["doctor"]]) {
    const { stdout, stderr } = await runCli(args, { url: server.url, token });
    expect(stdout + stderr).not.toContain(token.slice(-20));
    expect(stdout + stderr).toContain("token");
  }
});
