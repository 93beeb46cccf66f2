import { randomUUID } from "node:crypto";
import type { SpoolEvent, SpoolStreamEvent } from "@jobwire/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { watchSpools } from "../support/collect.js";
import { spoolActionArbitrary, SpoolActions, type SpoolCalls } from "../support/spool-actions.js";
import { boardOf } from "../support/spool-board.js";
import { describeRefusal, type TestClient } from "../support/test-client.js";
import { describeOnEachStore } from "../support/test-server.js";

/** The actions of one round are called at the same time. */
const roundsArbitrary = fc.array(fc.array(spoolActionArbitrary, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 10,
  size: "max",
});

describeOnEachStore("whatever is done to spools", (store) => {
  test("each accepted call is one event that was allowed, and the events make the list", async () => {
    await using server = await store.start();
    const { client } = await server.newService();
    using stream = watchSpools(client);
    await fc.assert(
      fc.asyncProperty(roundsArbitrary, async (rounds) => {
        const run = `${randomUUID()} `;
        const actions = new SpoolActions(callsOf(client), run);
        for (const round of rounds) {
          await Promise.all(round.map((action) => actions.carryOut(action)));
        }
        await client.spools.register.mutate({ tagSpool: `${run}end` });
        const ofRun = (event: SpoolStreamEvent): event is SpoolEvent =>
          event.type !== "stream.gap" && event.tagSpool.startsWith(run);
        await stream.until((event) => ofRun(event) && event.tagSpool === `${run}end`);
        actions.expectExplained(stream.events.filter(ofRun));
        expect(boardOf(stream.events)).toEqual(await client.spools.list.query());
      }),
      { numRuns: store.name === "memory" ? 40 : 20 },
    );
  });
});

function callsOf({ spools }: TestClient): SpoolCalls {
  return {
    register: (input) => spools.register.mutate(input),
    tomar: (input) => spools.tomar.mutate(input),
    pausar: (input) => spools.pausar.mutate(input),
    completar: (input) => spools.completar.mutate(input),
    changeState: (input) => spools.changeState.mutate(input),
    publish: (input) => spools.publish.mutate(input),
    reasonOf: (error) => describeRefusal(error).reason,
  };
}
