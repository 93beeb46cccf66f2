import fc from "fast-check";
import { test } from "vitest";
import { RaceRun } from "./race-run.js";
import { ways } from "./reading.js";

/**
 * What happens at the same time, in every order: the store's answers and messages, and what publishers and streams do,
 * come when fast-check's scheduler says so. It prints the order in which a race was lost.
 */

race("commits while streams attach", 0, async (run) => {
  await Promise.all([run.publish(4), run.join({ from: "oldest" }), run.join({ from: "newest" })]);
});

race("commits while streams come back", 0, async (run) => {
  await run.publishNow(4);
  await Promise.all([
    run.publish(3),
    run.join({ from: 1 }),
    run.join({ from: 3 }),
    run.join({ from: 4, process: 1 }),
  ]);
});

race("readers that go away during their replay", 0, async (run) => {
  await run.publishNow(5);
  await Promise.all([
    run.publish(2),
    run.join({ from: "oldest", isLeft: true }),
    run.join({ from: 2, isLeft: true }),
    run.join({ from: 2 }),
  ]);
});

race("a connection that is lost and comes back while streams attach", 0, async (run) => {
  await run.publishNow(2);
  await Promise.all([
    run.publish(4),
    run.loseConnection(),
    run.join({ from: "oldest" }),
    run.join({ from: 1 }),
    run.join({ from: "newest" }),
  ]);
});

race("a connection that is lost twice under streams that follow", 0, async (run) => {
  await Promise.all([run.join({ from: "oldest" }), run.join({ from: "oldest", process: 1 })]);
  await Promise.all([run.publish(5), run.loseConnection(), run.loseConnection()]);
});

race("the last event of a topic during replays", 0, async (run) => {
  await run.publishNow(4);
  await Promise.all([run.publishLast(), run.join({ from: "oldest" }), run.join({ from: 2 })]);
});

race("the last event of a topic while the connection is lost and readers go away", 0, async (run) => {
  await run.publishNow(3);
  await Promise.all([
    run.publishLast(),
    run.loseConnection(),
    run.join({ from: "oldest" }),
    run.join({ from: 1, isLeft: true }),
    run.join({ from: "newest", process: 1 }),
  ]);
});

race("a log that is lost while streams attach and follow", 1, async (run) => {
  await run.publishNow(3);
  await run.join({ from: "oldest" });
  await Promise.all([run.loseLog(), run.join({ from: 2 }), run.join({ from: "oldest", process: 1 })]);
});

// Two gaps: a stream that attaches before anybody has noticed may be told of the loss, and again of the new epoch.
race("a log that is set back under streams that follow", 2, async (run) => {
  await run.publishNow(4);
  await Promise.all([run.join({ from: "oldest" }), run.join({ from: 3, process: 1 })]);
  await run.publish(1);
  await run.setBack();
});

race("a log that is set back while streams attach, come back and are left", 2, async (run) => {
  await run.publishNow(5);
  await run.join({ from: "oldest" });
  await Promise.all([
    run.setBack(),
    run.join({ from: "oldest" }),
    run.join({ from: 4 }),
    run.join({ from: "oldest", isLeft: true }),
  ]);
});

race("a log that is set back to before what one of two processes has in memory", 2, async (run) => {
  await run.publishNow(4);
  await Promise.all([run.join({ from: "oldest", process: 1 }), run.join({ from: "newest" })]);
  await run.publish(2);
  await Promise.all([run.setBack(), run.join({ from: "oldest" })]);
});

race("a log that is set back while it is written to", 2, async (run) => {
  await run.publishNow(3);
  await run.join({ from: "oldest" });
  await Promise.all([run.publish(3), run.setBack(), run.join({ from: 2 })]);
});

race(
  "a short log that is trimmed while the connection is lost",
  9,
  async (run) => {
    await run.publishNow(3);
    await Promise.all([
      run.publish(6),
      run.loseConnection(),
      run.join({ from: "oldest" }),
      run.join({ from: 1 }),
    ]);
  },
  3,
);

function race(
  name: string,
  maxGaps: number,
  actors: (run: RaceRun) => Promise<unknown>,
  maxEvents = 1000,
): void {
  test.each(ways)(`${name}: nothing is lost, doubled or disordered without a gap (%s)`, async (way) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(5), fc.nat(3), async (scheduler, setBackTo, growth) => {
        await using run = new RaceRun({ scheduler, way, maxEvents, setBackTo, growth, maxGaps });
        await run.play(actors);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });
}
