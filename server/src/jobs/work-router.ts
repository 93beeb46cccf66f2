import {
  claimInputSchema,
  workLeaveInputSchema,
  workOfferInputSchema,
  workWaitingInputSchema,
  workWatchInputSchema,
  writeOutputInputSchema,
} from "@jobwire/shared";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { WorkService } from "./work-service.js";

/** For workers (services only): how they find jobs, claim them, keep the claim and hand in output. */
export function createWorkRouter(work: WorkService) {
  return router({
    waiting: serviceProcedure
      .input(workWaitingInputSchema)
      .query(async ({ input }) => ({ items: await work.waiting(input.pipelines, input.limit) })),

    watch: serviceProcedure
      .input(workWatchInputSchema)
      .subscription(({ input, signal }) => work.watch(input, signal)),

    claim: serviceProcedure.input(claimInputSchema).mutation(({ input }) => work.claim(input)),

    renew: serviceProcedure.input(claimInputSchema).mutation(({ input }) => work.renew(input)),

    write: serviceProcedure.input(writeOutputInputSchema).mutation(({ input }) => work.write(input)),

    offer: serviceProcedure.input(workOfferInputSchema).mutation(({ input }) => work.offer(input)),

    leave: serviceProcedure.input(workLeaveInputSchema).mutation(async ({ input }) => {
      await work.leave(input.workerId);
      return { left: true as const };
    }),
  });
}

/** Who works, for services. */
export function createWorkerRouter(work: WorkService) {
  return router({ list: serviceProcedure.query(() => work.workers()) });
}

/** What is worked on, for everybody. */
export function createPipelineRouter(work: WorkService) {
  return router({ list: userProcedure.query(({ ctx }) => work.pipelines(ctx.principal)) });
}
