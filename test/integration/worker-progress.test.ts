import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { startTestServer } from "../support/test-server.js";
import { failureOf, openWorkshop, outline, stages } from "./worker-fixture.js";

test("a flood of progress becomes a few events, the last of them before the next stage", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using _worker = shop.startWorker(() =>
    stages({
      async code({ progress }) {
        for (let done = 0; done <= 20_000; done += 1) {
          progress(done / 200, `${done} of 20000`);
          if (done % 20 === 0) await setImmediate();
        }
      },
    }),
  );
  const events = await shop.eventsOf(await shop.createJob());
  const said = outline(events);
  const completed = events[said.indexOf("completed code")];
  const progress = said.filter((line) => line.startsWith("progress"));
  const elapsedMs = completed?.type === "build.stage.completed" ? completed.durationMs : 0;
  expect(progress.length).toBeGreaterThan(1);
  expect(progress.length).toBeLessThan(elapsedMs / 100 + 3);
  expect(said[said.indexOf("completed code") - 1]).toBe("progress 100 code");
});

test("a percentage that is none fails the stage that reported it", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using _worker = shop.startWorker(() => stages({ deps: ({ progress }) => progress(Number.NaN) }));
  expect(failureOf(await shop.eventsOf(await shop.createJob()))).toBe(
    "Progress is 0 to 100 percent, not NaN.",
  );
});

test("what a stage publishes comes after the progress it reported before", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using _worker = shop.startWorker(() =>
    stages({
      async code({ progress, publish }) {
        for (const percent of [10, 20, 30]) {
          progress(percent);
          await publish({
            type: "documentation.updated",
            section: "api",
            title: "API",
            markdown: `${percent}`,
          });
        }
      },
    }),
  );
  const said = outline(await shop.eventsOf(await shop.createJob()));
  expect(said.slice(said.indexOf("started code") + 1, said.indexOf("completed code"))).toEqual(
    [10, 20, 30].flatMap((percent) => [`progress ${percent} code`, "documentation.updated"]),
  );
});

test("an event the server refuses fails the stage that published it", async () => {
  await using server = await startTestServer();
  const shop = await openWorkshop(server);
  await using _worker = shop.startWorker(() =>
    stages({
      code: ({ publish }) => publish({ type: "snapshot.updated", url: "ftp://example.com/picture.png" }),
    }),
  );
  expect(failureOf(await shop.eventsOf(await shop.createJob()))).toMatch(/expected an http\(s\) URL/);
});
