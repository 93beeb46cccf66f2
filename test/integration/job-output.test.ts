import { expect, test } from "vitest";
import { watchJob, watchOutput } from "../support/collect.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, startTestServer, type TestServer } from "../support/test-server.js";
import { openWorkshop, stages } from "./worker-fixture.js";

const piece = (text: string, stage: "code" | "deps" = "code") =>
  ({ stage, attempt: 1, stream: "stdout", text }) as const;

async function textOf(server: TestServer, token: string, jobId: string, query = "") {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${server.url}/api/jobs/${jobId}/output.txt${query}`, { headers });
  return { status: response.status, text: await response.text() };
}

describeOnEachStore("the output of a job", (store) => {
  test("is streamed in order with its lines counted, ends with the job, and is there as text", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchOutput(alice.client, { jobId });
    const write = (...pieces: ReturnType<typeof piece>[]) =>
      service.client.work.write.mutate({ jobId, pieces });
    await write(piece("one\ntwo\n"), piece("installing\n", "deps"));
    await stream.first(2);
    await write(piece("thr"), piece("ee\n"));
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const events = await stream.completed();
    expect(
      events.map((event) =>
        event.type === "output.appended" ? [event.firstLine, event.firstCharacter, event.text] : event.type,
      ),
    ).toEqual([
      [0, 0, "one\ntwo\n"],
      [2, 8, "installing\n"],
      [3, 19, "thr"],
      [3, 22, "ee\n"],
      "output.ended",
    ]);
    using resumed = watchOutput(alice.client, { jobId, lastEventId: stream.ids[1] });
    expect(await resumed.completed()).toEqual(events.slice(2));
    using code = watchOutput(alice.client, { jobId, stage: "deps" });
    expect(await code.completed()).toEqual([events[1], events[4]]);
    expect(await textOf(server, alice.token, jobId)).toEqual({
      status: 200,
      text: "one\ntwo\ninstalling\nthree\n",
    });
    expect(await textOf(server, alice.token, jobId, "?stage=deps")).toMatchObject({ text: "installing\n" });
    expect(await textOf(server, alice.token, jobId, "?stage=lunch")).toMatchObject({ status: 400 });
    expect(await textOf(server, bob.token, jobId)).toMatchObject({ status: 404 });
    expect(await refusalOf(write(piece("more")))).toMatchObject({ code: "CONFLICT", reason: "JOB_FINISHED" });
    // None of it is in the job's own log.
    using job = watchJob(alice.client, { jobId });
    expect((await job.completed()).map(({ type }) => type)).not.toContain("output.appended");
  });

  test("of a job that wrote nothing completes with its end, also for who comes later", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchOutput(alice.client, { jobId });
    await stream.connected();
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    expect(await stream.completed()).toMatchObject([{ type: "output.ended" }]);
    using later = watchOutput(alice.client, { jobId });
    expect(await later.completed()).toMatchObject([{ type: "output.ended" }]);
    expect(await textOf(server, alice.token, jobId)).toEqual({ status: 200, text: "" });
  });

  test("keeps the newest of OUTPUT_MAX_BYTES, and says how much is gone", async () => {
    await using server = await store.start({ OUTPUT_MAX_BYTES: "65536" });
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    for (let number = 0; number < 20; number++)
      await service.client.work.write.mutate({ jobId, pieces: [piece(`${number} ${"x".repeat(9_998)}\n`)] });
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const { text } = await textOf(server, alice.token, jobId);
    expect(text.length).toBeLessThan(65_536);
    const [, characters = "", line = ""] =
      /^\[(\d+) characters, up to line (\d+), are no longer kept\]\n/.exec(text) ?? [];
    const kept = text.slice(text.indexOf("\n") + 1);
    expect(Number(characters) + kept.length).toBe(10 * 10_001 + 10 * 10_002);
    expect(kept.startsWith(`${line} x`)).toBe(true);
    expect(kept.endsWith("x\n")).toBe(true);
    // The job's own log has lost nothing.
    using job = watchJob(alice.client, { jobId });
    expect(await job.completed()).toHaveLength(3);
  });

  test("is refused when it is too much at once, or of no stage, with the field's name", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const write = (length: number) =>
      service.client.work.write.mutate({
        jobId,
        pieces: Array.from({ length: 8 }, () => piece("x".repeat(length / 8))),
      });
    // Of a body of 1,048,576 bytes something is around the text.
    expect(await refusalOf(write(1_048_576))).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await write(1_047_000);
    expect(await refusalOf(service.client.work.write.mutate({ jobId, pieces: [] }))).toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringContaining("pieces"),
    });
    expect(await refusalOf(alice.client.work.write.mutate({ jobId, pieces: [piece("x")] }))).toMatchObject({
      code: "FORBIDDEN",
    });
  });
});

test("a worker's commands write whole lines in the order of their coming, ANSI kept, bytes that are no text replaced", async () => {
  await using server = await startTestServer();
  const workshop = await openWorkshop(server);
  const program = `
    process.stdout.write("\\u001b[32mone\\u001b[39m\\n");
    process.stdout.write(Buffer.from([0x61, 0xff, 0x0a]));
    const snowman = Buffer.from("☃\\n");
    process.stdout.write(snowman.subarray(0, 2));
    setTimeout(() => { process.stdout.write(snowman.subarray(2)); process.stderr.write("2 tests failed\\n"); process.exitCode = 3; }, 20);
  `;
  await using _worker = workshop.startWorker(() =>
    stages({
      async code({ output, run }) {
        await output.write("begins\n");
        await run({ file: process.execPath, args: ["-e", program] });
      },
    }),
  );
  const jobId = await workshop.createJob();
  const events = await workshop.eventsOf(jobId);
  expect(events.at(-1)).toMatchObject({
    outcome: "failed",
    message: expect.stringMatching(/exited with code 3: 2 tests failed$/m),
  });
  const service = await server.newService();
  using stream = watchOutput(service.client, { jobId });
  const written = (await stream.completed()).filter((event) => event.type === "output.appended");
  expect(
    written.every(({ stage, attempt, text }) => stage === "code" && attempt === 1 && text.endsWith("\n")),
  ).toBe(true);
  const said = (name: string) => written.map(({ stream: of, text }) => (of === name ? text : "")).join("");
  expect(said("stdout")).toBe("begins\n\u001b[32mone\u001b[39m\na\ufffd\n☃\n");
  expect(said("stderr")).toBe("2 tests failed\n");
});

test("a command that writes much waits for the server, and loses nothing", async () => {
  await using server = await startTestServer({ OUTPUT_MAX_BYTES: "100000000" });
  const workshop = await openWorkshop(server);
  const lines = 100_000;
  const program = `for (let line = 0; line < ${lines}; line++) console.log("line " + line + " " + "x".repeat(50))`;
  await using _worker = workshop.startWorker(() =>
    stages({ code: ({ run }) => run({ file: process.execPath, args: ["-e", program] }) }),
  );
  const jobId = await workshop.createJob();
  expect((await workshop.eventsOf(jobId)).at(-1)).toMatchObject({ outcome: "ready" });
  const { text } = await textOf(server, await server.token("any", "service"), jobId);
  const read = text.split("\n");
  expect(read).toHaveLength(lines + 1);
  for (const [index, line] of read.slice(0, lines).entries())
    expect(line.startsWith(`line ${index} `)).toBe(true);
});

test("a worker sends as much as a call may bring, in pieces and in bytes as they are sent, and no character is damaged", async () => {
  await using server = await startTestServer({ OUTPUT_MAX_BYTES: "100000000" });
  const workshop = await openWorkshop(server);
  const warnings: unknown[] = [];
  const logger = { info() {}, warn: (fields: object) => void warnings.push(fields), error() {} };
  // Six bytes for each of the first; a character in two halves where a piece ends, and one in two calls.
  const longLines = ["\0".repeat(250_000), `${"x".repeat(65_535)}${"😀".repeat(70_000)}`];
  await using _worker = workshop.startWorker(
    () =>
      stages({
        async code({ output }) {
          for (let line = 0; line < 600; line++) {
            void output.write(`${line}\n`);
            void output.write(`${line}\n`, "stderr");
          }
          for (const line of longLines) await output.write(`${line}\n`);
          for (const part of longLines) await output.write(part);
          for (const half of "😀\n".split("")) await output.write(half);
        },
      }),
    { logger },
  );
  const jobId = await workshop.createJob();
  expect((await workshop.eventsOf(jobId)).at(-1)).toMatchObject({ outcome: "ready" });
  const { text } = await textOf(server, await server.token("any", "service"), jobId);
  const numbers = Array.from({ length: 600 }, (_, line) => `${line}\n${line}\n`).join("");
  expect(warnings).toEqual([]);
  expect(text === `${numbers}${longLines.join("\n")}\n${longLines.join("")}😀\n`).toBe(true);
});
