import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { SessionObserver } from "../sessions/session-observers.js";
import type { Jobwire } from "../topics/index.js";
import { GatewaySessions } from "./gateway-sessions.js";
import { createSessionCallback } from "./session-callback.js";

export interface GatewayOptions {
  readonly config: {
    readonly callbackUrl?: string | undefined;
    readonly callbackSecret?: string | undefined;
    readonly historyTtlMs: number;
    readonly drainMs: number;
  };
  readonly jobwire: Jobwire;
  readonly observers: readonly SessionObserver[];
  readonly log: Logger;
  readonly registry: Registry;
}

/** Both directions: this server as the gateway of a backend, and a gateway before this server. */
export function openGateway({ config, jobwire, observers, log, registry }: GatewayOptions) {
  const { callbackUrl: url, callbackSecret: secret, historyTtlMs, drainMs } = config;
  const callback = url && secret ? createSessionCallback({ url, secret, log, registry }) : null;
  return {
    /** The backend, which nobody waits for, and then those that were given. What an outside gateway says does not go there. */
    observers: callback ? [callback.observer, ...observers] : observers,
    callbacks: secret
      ? { secret, gateway: new GatewaySessions({ jobwire, observers, maxConnectedMs: historyTtlMs, log }) }
      : null,
    /** To be called when no session is connected any more. */
    async close() {
      // Of the last ones it is heard in this very moment.
      await setImmediate();
      await callback?.close(drainMs);
    },
  };
}
