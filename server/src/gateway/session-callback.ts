import { randomUUID } from "node:crypto";
import type { ConnectedSession } from "@jobwire/shared";
import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import type { SessionObserver } from "../sessions/session-observers.js";
import { CallbackSender, type Callback } from "./callback-sender.js";
import { sign, signatureHeader } from "./callback-signature.js";

export interface SessionCallbackOptions {
  readonly url: string;
  readonly secret: string;
  readonly log: Logger;
  readonly registry: Registry;
}

export interface SessionCallback {
  /** To be registered with the sessions. */
  readonly observer: SessionObserver;
  readonly close: (withinMs: number) => Promise<void>;
}

const limits = { maxWaiting: 10_000, patienceMs: 300_000, retryMs: 250, timeoutMs: 10_000 };

/** Tells the operator's backend of each session that connects and disconnects. */
export function createSessionCallback({
  url,
  secret,
  log,
  registry,
}: SessionCallbackOptions): SessionCallback {
  const outcomes = new Counter({
    name: "session_callbacks_total",
    help: "Calls to SSE_CALLBACK_URL",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const sender = new CallbackSender({
    ...limits,
    newDeliveryId: randomUUID,
    async post(callback, deliveryId, signal) {
      const body = JSON.stringify(callback);
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "idempotency-key": deliveryId,
          [signatureHeader]: sign(body, secret),
        },
        body,
        // What is meant for this URL goes nowhere else.
        redirect: "manual",
        signal,
      });
      await response.body?.cancel();
      return response.status;
    },
    onOutcome(outcome, { action, request_id: requestId }, status) {
      outcomes.inc({ outcome });
      if (outcome !== "delivered")
        log.warn({ outcome, action, requestId, status }, "the session callback was not delivered");
    },
  });
  const callbackOf = (action: Callback["action"], session: ConnectedSession): Callback => ({
    action,
    request_id: session.requestId,
    token: session.connectionId,
    url: `/api/sse/stream?request_id=${encodeURIComponent(session.requestId)}`,
  });
  return {
    observer: {
      name: "session callback",
      onConnect: (session) => sender.tell(callbackOf("connect", session)),
      onDisconnect: (session) => sender.tell(callbackOf("disconnect", session)),
    },
    close: (withinMs) => sender.close(withinMs),
  };
}
