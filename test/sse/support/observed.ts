import { initTRPC, type TRPCError } from "@trpc/server";
import { observable, type Observer } from "@trpc/server/observable";
import { clientOptions } from "./frames.js";

const { procedure } = initTRPC.create({ isDev: false, sse: { client: clientOptions } });

type Subscribe = (observer: Observer<unknown, TRPCError>) => (() => void) | void;

/** A subscription that returns an observable, as older routers do. */
export function observed(subscribe: Subscribe) {
  // oxlint-disable-next-line typescript/no-deprecated -- as long as tRPC takes observables, so do we
  return procedure.subscription(() =>
    observable<unknown, TRPCError>((observer) => subscribe(observer) ?? undefined),
  );
}
