import { announceVersionInputSchema } from "@jobwire/shared";
import { router, serviceProcedure } from "../trpc.js";
import type { VersionService } from "./version-service.js";

export function createVersionRouter(versions: VersionService) {
  return router({
    announce: serviceProcedure
      .input(announceVersionInputSchema)
      .mutation(async ({ input }) => ({ delivered: await versions.announce(input) })),
  });
}
