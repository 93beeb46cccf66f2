import fc from "fast-check";
import { test } from "vitest";
import { MergedRaceRun } from "./merged-race-run.js";
import { ways } from "./reading.js";

/**
 * What happens at the same time to streams over several topics, in every order: see `race.test.ts`. Each stream, each of
 * its connections and each id that one was given is accounted for, in every topic.
 */

race("commits to several topics while streams attach", 0, async (run) => {
  await run.publishNow(0, 2);
  await Promise.all([
    run.publish(0, 2),
    run.publish(1, 3),
    run.join({ from: "oldest" }),
    run.join({ from: "newest", process: 1 }),
  ]);
});

race("readers that are cut and come back, to either process", 0, async (run) => {
  await run.publishNow(0, 3);
  await run.publishNow(1, 1);
  await Promise.all([
    run.publish(0, 2),
    run.publish(1, 3),
    run.join({ from: "oldest", cuts: 2 }),
    run.join({ from: "newest", process: 1, cuts: 1 }),
  ]);
});

race("slow readers that are cut, and others that leave", 0, async (run) => {
  await run.publishNow(0, 3);
  await run.publishNow(2, 2);
  await Promise.all([
    run.publish(1, 3),
    run.publish(2, 2),
    run.join({ from: "oldest", isSlow: true, cuts: 2 }),
    run.join({ from: "oldest", isSlow: true, isLeft: true }),
  ]);
});

race("topics that end one after the other", 0, async (run) => {
  await run.publishNow(0, 2);
  await Promise.all([
    run.publishLast(0),
    run.publish(1, 2).then(() => run.publishLast(1)),
    run.publish(2, 2),
    run.join({ from: "oldest", cuts: 1 }),
    run.join({ from: "oldest", process: 1, isSlow: true }),
    run.join({ from: "newest" }),
  ]);
});

race("a connection that is lost and comes back while streams attach and topics end", 0, async (run) => {
  await run.publishNow(0, 2);
  await Promise.all([
    run.publish(0, 2),
    run.publish(1, 2).then(() => run.publishLast(1)),
    run.loseConnection(),
    run.join({ from: "oldest", cuts: 1 }),
    run.join({ from: "newest" }),
  ]);
});

race("a connection that is lost twice under streams that follow", 0, async (run) => {
  await Promise.all([run.join({ from: "oldest" }), run.join({ from: "oldest", process: 1, cuts: 1 })]);
  await Promise.all([run.publish(0, 3), run.publish(1, 3), run.loseConnection(), run.loseConnection()]);
});

race("logs that are lost while streams attach and follow", 2, async (run) => {
  await run.publishNow(0, 3);
  await run.publishNow(1, 1);
  await run.join({ from: "oldest" });
  await Promise.all([run.loseLogs(1), run.join({ from: "oldest", process: 1, isSlow: true })]);
});

race(
  "short logs that are trimmed while the connection is lost and readers are cut",
  9,
  async (run) => {
    await run.publishNow(0, 3);
    await Promise.all([
      run.publish(0, 3),
      run.publish(1, 6),
      run.loseConnection(),
      run.join({ from: "oldest", cuts: 2 }),
      run.join({ from: "oldest", isSlow: true, cuts: 1, process: 1 }),
    ]);
  },
  3,
);

const always = <Value extends string>(value: Value) => fc.constant(value);
const topic = fc.nat(2);
const process = fc.constantFrom(0 as const, 1 as const);
const actor = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: always("publish"), topic, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: always("publish the last"), topic }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: always("join"),
      from: fc.constantFrom("oldest" as const, "newest" as const),
      process,
      isLeft: fc.boolean(),
      isSlow: fc.boolean(),
      cuts: fc.nat(3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("lose the connection" as const, "outage" as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: always("lose the logs"), growth: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: always("refuse"), read: fc.constantFrom("listen" as const, "head" as const) }),
  },
);
type Actor = typeof actor extends fc.Arbitrary<infer Acting> ? Acting : never;

async function act(run: MergedRaceRun, acting: Actor): Promise<void> {
  switch (acting.do) {
    case "publish":
      return run.publish(acting.topic, acting.count);
    case "publish the last":
      return run.publishLast(acting.topic);
    case "join":
      return run.join(acting);
    case "lose the connection":
      return run.loseConnection();
    case "outage":
      return run.outage();
    case "lose the logs":
      return run.loseLogs(acting.growth);
    case "refuse":
      return run.refuse(acting.read);
  }
}

test.each(ways)("whatever happens together: each topic is exact (%s)", async (way) => {
  const conditions = { scheduler: fc.scheduler(), maxEvents: fc.constantFrom(3, 1000) };
  const actors = fc.array(actor, { minLength: 3, maxLength: 8, size: "max" });
  await fc.assert(
    fc.asyncProperty(fc.record(conditions), actors, async (drawn, acting) => {
      await using run = new MergedRaceRun({ ...drawn, way, maxGaps: Number.POSITIVE_INFINITY });
      await run.play(() => Promise.all(acting.map((one) => act(run, one))));
    }),
    { numRuns: 80, endOnFailure: true },
  );
});

function race(
  name: string,
  maxGaps: number,
  actors: (run: MergedRaceRun) => Promise<unknown>,
  maxEvents = 1000,
): void {
  test.each(ways)(`${name}: each topic is exact (%s)`, async (way) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        await using run = new MergedRaceRun({ scheduler, way, maxEvents, maxGaps });
        await run.play(actors);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
}
