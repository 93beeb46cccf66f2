import {
  changeSpoolStateInputSchema,
  listSpoolsInputSchema,
  publishSpoolEventInputSchema,
  registerSpoolInputSchema,
  spoolActionInputSchema,
  spoolUpdatesInputSchema,
} from "@jobwire/shared";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { SpoolService } from "./spool-service.js";

/** The shop floor: anybody signed in may act for any worker; a service registers spools. */
export function createSpoolRouter(spools: SpoolService) {
  return router({
    register: serviceProcedure
      .input(registerSpoolInputSchema)
      .mutation(({ input }) => spools.register(input)),

    tomar: userProcedure.input(spoolActionInputSchema).mutation(({ input }) => spools.tomar(input)),

    pausar: userProcedure.input(spoolActionInputSchema).mutation(({ input }) => spools.pausar(input)),

    completar: userProcedure.input(spoolActionInputSchema).mutation(({ input }) => spools.completar(input)),

    changeState: userProcedure
      .input(changeSpoolStateInputSchema)
      .mutation(({ input }) => spools.changeState(input)),

    list: userProcedure.input(listSpoolsInputSchema).query(({ input }) => spools.list(input)),

    publish: serviceProcedure
      .input(publishSpoolEventInputSchema)
      .mutation(({ input }) => spools.publish(input)),

    updates: userProcedure
      .input(spoolUpdatesInputSchema)
      .subscription(({ input, signal }) => spools.updates(input, signal)),
  });
}
