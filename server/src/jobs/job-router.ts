import {
  createJobInputSchema,
  jobEventsInputSchema,
  jobFeedInputSchema,
  jobIdSchema,
  listJobsInputSchema,
  publishJobEventInputSchema,
  transitionJobInputSchema,
} from "@jobwire/shared";
import { z } from "zod";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { JobService } from "./job-service.js";
import type { JobStreams } from "./job-streams.js";

export function createJobRouter(jobs: JobService, streams: JobStreams) {
  return router({
    create: userProcedure
      .input(createJobInputSchema.prefault({}))
      .mutation(({ ctx, input }) => jobs.create(ctx.principal, input)),

    get: userProcedure
      .input(z.strictObject({ jobId: jobIdSchema }))
      .query(({ ctx, input }) => jobs.get(ctx.principal, input.jobId)),

    list: userProcedure.input(listJobsInputSchema).query(({ ctx, input }) => jobs.list(ctx.principal, input)),

    transition: serviceProcedure
      .input(transitionJobInputSchema)
      .mutation(({ input: { jobId, ...transition } }) => jobs.transition(jobId, transition)),

    publish: serviceProcedure.input(publishJobEventInputSchema).mutation(({ input }) => jobs.publish(input)),

    events: userProcedure
      .input(jobEventsInputSchema)
      .subscription(({ ctx, input, signal }) => streams.ofJob(ctx.principal, { ...input, signal })),

    feed: userProcedure
      .input(jobFeedInputSchema)
      .subscription(({ ctx, input, signal }) => streams.ofOwner(ctx.principal, { ...input, signal })),
  });
}
