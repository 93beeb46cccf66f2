import {
  cancelJobInputSchema,
  countJobsInputSchema,
  createJobInputSchema,
  jobEventsInputSchema,
  jobFeedInputSchema,
  jobIdSchema,
  jobOutputInputSchema,
  listJobsInputSchema,
  publishJobEventInputSchema,
  transitionJobInputSchema,
} from "@jobwire/shared";
import { z } from "zod";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { JobOutputs } from "./job-outputs.js";
import type { JobService } from "./job-service.js";

const oneJobSchema = z.strictObject({ jobId: jobIdSchema });

export function createJobRouter(jobs: JobService, outputs: JobOutputs) {
  return router({
    create: userProcedure
      .input(createJobInputSchema.prefault({}))
      .mutation(({ ctx, input }) => jobs.create(ctx.principal, input)),

    get: userProcedure.input(oneJobSchema).query(({ ctx, input }) => jobs.get(ctx.principal, input.jobId)),

    list: userProcedure.input(listJobsInputSchema).query(({ ctx, input }) => jobs.list(ctx.principal, input)),

    counts: userProcedure
      .input(countJobsInputSchema)
      .query(({ ctx, input }) => jobs.counts(ctx.principal, input)),

    cancel: userProcedure
      .input(cancelJobInputSchema)
      .mutation(({ ctx, input }) => jobs.cancel(ctx.principal, input)),

    rerun: userProcedure
      .input(oneJobSchema)
      .mutation(({ ctx, input }) => jobs.rerun(ctx.principal, input.jobId)),

    remove: userProcedure
      .input(oneJobSchema)
      .mutation(({ ctx, input }) => jobs.remove(ctx.principal, input.jobId)),

    transition: serviceProcedure
      .input(transitionJobInputSchema)
      .mutation(({ input: { jobId, ...transition } }) => jobs.transition(jobId, transition)),

    publish: serviceProcedure.input(publishJobEventInputSchema).mutation(({ input }) => jobs.publish(input)),

    events: userProcedure
      .input(jobEventsInputSchema)
      .subscription(({ ctx, input, signal }) => jobs.events(ctx.principal, input, signal)),

    feed: userProcedure
      .input(jobFeedInputSchema)
      .subscription(({ ctx, input, signal }) => jobs.feed(ctx.principal, input, signal)),

    output: userProcedure.input(jobOutputInputSchema).subscription(async ({ ctx, input, signal }) => {
      const { jobId, ...request } = input;
      return outputs.stream(await jobs.find(ctx.principal, jobId), request, signal);
    }),
  });
}
