import { expect, test } from "vitest";
import { watchJob, watchOutput } from "../support/collect.js";
import { newFolder } from "../support/new-folder.js";
import { serverProgram, serverSource, startProcess } from "../support/server-process.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

/** O6, seen by whoever uses the server: the unmodified tRPC client on both sides of a SIGKILL. */

test("a server that keeps a folder is killed in the middle of a job: its next start has the job, its log and its output", async () => {
  const env = { JWT_SECRET: testSecret };
  const program = [...serverProgram, "--data", await newFolder()];
  const alice = await signTestToken({ sub: "alice", role: "user" });
  const service = await signTestToken({ sub: "worker", role: "service" });
  await using killed = await startProcess(process.execPath, program, env);
  const before = clients(killed.url);
  const { id: jobId } = await before.alice.jobs.create.mutate({ title: "Kept" });
  await before.service.jobs.transition.mutate({ jobId, to: "starting" });
  using first = watchJob(before.alice, { jobId });
  await first.first(2);
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      before.service.work.write.mutate({ jobId, pieces: [pieceOf(index)] }),
    ),
  );
  const [job, list] = [await before.alice.jobs.get.query({ jobId }), await before.alice.jobs.list.query({})];
  killed.send("SIGKILL");
  expect(await killed.exited).toBe("SIGKILL");

  await using server = await startProcess(process.execPath, program, {
    ...env,
    PORT: new URL(killed.url).port,
  });
  const after = clients(server.url);
  expect(await after.alice.jobs.get.query({ jobId })).toEqual(job);
  expect(await after.alice.jobs.list.query({})).toEqual(list);
  await after.service.jobs.transition.mutate({ jobId, to: "failed" });
  // The stream that was open comes back by itself, and hears each event once.
  expect((await first.completed()).at(-1)).toMatchObject({ type: "build.stage.started", stage: "failed" });
  const epoch = first.ids[0]?.split(":")[0];
  expect(first.ids).toEqual(first.ids.map((_, index) => `${epoch}:${index + 1}`));
  using output = watchOutput(after.alice, { jobId });
  const lines = (await output.completed()).flatMap((event) =>
    event.type === "output.appended" ? [event.text] : [],
  );
  expect(lines.join("").split("\n").filter(Boolean).toSorted()).toEqual(
    Array.from({ length: 50 }, (_, index) => pieceOf(index).text.trim()).toSorted(),
  );

  function clients(url: string) {
    return {
      alice: createTestClient({ url, token: alice }),
      service: createTestClient({ url, token: service }),
    };
  }
});

test("all of a server with its worker is killed in the middle of a build: its next start has the job, its log and its output", async () => {
  const env = { JWT_SECRET: testSecret, JOBWIRE_WORKER: "on" };
  const program = [...serverSource, "--data", await newFolder(), "--worker", "examples/build-worker/main.ts"];
  const token = await signTestToken({ sub: "alice", role: "user" });
  const killed = await startProcess(process.execPath, program, env);
  const before = createTestClient({ url: killed.url, token });
  const { id: jobId } = await before.jobs.create.mutate({
    pipeline: "build",
    project: "site",
    title: "Kept",
  });
  using log = watchJob(before, { jobId });
  using output = watchOutput(before, { jobId });
  await output.first(1);
  expect(await before.jobs.get.query({ jobId })).toMatchObject({ outcome: null });
  await killed[Symbol.asyncDispose]();
  const [idsOfLog, idsOfOutput] = [[...log.ids], [...output.ids]];

  await using server = await startProcess(process.execPath, program, env);
  const after = createTestClient({ url: server.url, token });
  expect(await after.jobs.get.query({ jobId })).toMatchObject({ id: jobId, title: "Kept" });
  expect((await after.jobs.list.query({})).items.map(({ id }) => id)).toEqual([jobId]);
  await after.jobs.cancel.mutate({ jobId });
  using logAgain = watchJob(after, { jobId });
  using outputAgain = watchOutput(after, { jobId });
  await Promise.all([logAgain.completed(), outputAgain.completed()]);
  // Everything that anybody has heard, and whatever else was on its way.
  expect(logAgain.ids.slice(0, idsOfLog.length)).toEqual(idsOfLog);
  expect(outputAgain.ids.slice(0, idsOfOutput.length)).toEqual(idsOfOutput);
});

function pieceOf(index: number) {
  return { stage: "starting", attempt: 1, stream: "stdout", text: `line ${index}\n` } as const;
}
