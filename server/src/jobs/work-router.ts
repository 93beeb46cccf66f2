import { claimInputSchema, workWaitingInputSchema, workWatchInputSchema } from "@jobwire/shared";
import { router, serviceProcedure } from "../trpc.js";
import type { JobStreams } from "./job-streams.js";
import type { WorkService } from "./work-service.js";

/** For workers (services only): how they find jobs, claim them and keep the claim. */
export function createWorkRouter(work: WorkService, streams: JobStreams) {
  return router({
    waiting: serviceProcedure
      .input(workWaitingInputSchema)
      .query(async ({ input }) => ({ items: await work.waiting(input.pipelines, input.limit) })),

    watch: serviceProcedure
      .input(workWatchInputSchema)
      .subscription(({ input: { pipeline, ...request }, signal }) =>
        streams.ofWaitingWork(pipeline, { ...request, signal }),
      ),

    claim: serviceProcedure.input(claimInputSchema).mutation(({ input }) => work.claim(input)),

    renew: serviceProcedure.input(claimInputSchema).mutation(({ input }) => work.renew(input)),
  });
}
