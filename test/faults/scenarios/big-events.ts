import { createTestClient } from "../../support/test-client.js";
import type { Fault } from "../fault.js";
import { signToken } from "../support/token.js";

const bytes = 690_000;

/** As large as an event may be: a page of them would be too much for one answer, and for one reader. */
export const bigEvents: Fault = {
  name: "big-events",
  title: "events of 690,000 bytes among the others; both servers are killed and come back",
  async strike({ stage, load, random, isShort }) {
    const token = await signToken("publisher", "service");
    const clients = stage.urls.map((url) => createTestClient({ url, token }));
    for (let number = isShort ? 8 : 24; number > 0; number--) {
      const url = `data:image/png;base64,${random.integer(0, 999_999)}${"x".repeat(bytes)}`;
      const event = { type: "snapshot.updated", url } as const;
      await random.pick(clients).jobs.publish.mutate({ jobId: random.pick(load.jobIds), event });
    }
    await load.untilAllLive();
    for (const side of stage.sides) await stage.restartServer(side);
    await load.untilAllLive();
    load.watchJobs();
  },
};
