import { defineTopic, requestIdSchema } from "@jobwire/shared";
import type { Logger } from "pino";
import { z } from "zod";
import { SessionObservers, type SessionObserver } from "../sessions/session-observers.js";
import type { Jobwire, TopicHandle } from "../topics/index.js";
import type { Callback } from "./callback-sender.js";

/** What an outside gateway posts. */
export const callbackSchema = z.object({
  action: z.enum(["connect", "disconnect"]),
  request_id: requestIdSchema,
  token: z.string().min(1).max(1024),
  url: z.string().max(4096).default(""),
}) satisfies z.ZodType<Callback>;

const tokenField = { token: z.string() };

/** The connection of a session that an outside gateway holds. */
const gatewayTopic = defineTopic("gateway-session", {
  key: z.object({ requestId: requestIdSchema }),
  events: { "gateway.connected": z.object(tokenField), "gateway.disconnected": z.object(tokenField) },
  ends: ["gateway.disconnected"],
  state: z.object({
    ...tokenField,
    isConnected: z.boolean(),
    since: z.date(),
    /** When the gateway last said it again, if it did. */
    heardAt: z.date().optional(),
  }),
  apply: (state, { type, token, timestamp }) => {
    const isConnected = type === "gateway.connected";
    return { token, isConnected, since: isConnected || !state ? timestamp : state.since };
  },
});

interface GatewayState {
  token: string;
  isConnected: boolean;
  since: Date;
  heardAt?: Date | undefined;
}

export interface GatewaySessionsOptions {
  readonly jobwire: Jobwire;
  readonly observers: readonly SessionObserver[];
  /** A connection of which nothing was heard for so long has ended. */
  readonly maxConnectedMs: number;
  readonly log: Logger;
}

/** An ended one is remembered for so long, for calls that come late. */
const retainEndedMs = 60_000;

/** Connections that an outside gateway holds: observers hear of them as of those of this server. */
export class GatewaySessions {
  readonly #now: () => Date;
  readonly #telling = new Map<string, Promise<void>>();
  readonly #topic: TopicHandle<
    "gateway-session",
    typeof gatewayTopic.key,
    typeof gatewayTopic.events,
    GatewayState
  >;

  constructor({ jobwire, observers: list, maxConnectedMs, log }: GatewaySessionsOptions) {
    const observers = new SessionObservers(list, log);
    this.#now = () => jobwire.now();
    this.#topic = jobwire.topic(gatewayTopic, {
      retainMs: retainEndedMs,
      due: ({ isConnected, since, heardAt = since }) =>
        isConnected ? new Date(heardAt.getTime() + maxConnectedMs) : null,
      onDue: (_key, { token }) => ({ type: "gateway.disconnected", token }),
      onCommitted: ({ requestId }, state, events) => {
        for (const { type, token: connectionId, timestamp } of events) {
          // The gateway has checked who it is, and does not say.
          const about = { requestId, userId: "", connectionId, process: "gateway" };
          const session = { ...about, since: state?.since ?? timestamp };
          void this.#inTurn(requestId, () =>
            observers.tell(type === "gateway.connected" ? "onConnect" : "onDisconnect", session),
          );
        }
      },
    });
  }

  /**
   * The newest connection of a session counts: what is said of an older one changes nothing.
   * @returns whether anything has changed.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async take({ action, request_id: requestId, token }: Callback): Promise<boolean> {
    const key = { requestId };
    if (action === "disconnect") {
      const { ids } = await this.#topic.change(key, (state) =>
        state?.isConnected && state.token === token ? { type: "gateway.disconnected", token } : [],
      );
      return ids.length > 0;
    }
    for (;;) {
      let hasEnded = false;
      const { ids } = await this.#topic.change(key, (known) => {
        if (known?.token === token) {
          // It ended before it was heard that it had begun; or it is said again, and lasts.
          return known.isConnected ? { state: { ...known, heardAt: this.#now() }, events: [] } : [];
        }
        hasEnded = known?.isConnected === false;
        // When it has ended unheard goes by the store's clock.
        return hasEnded ? [] : { type: "gateway.connected", token, timestamp: this.#now() };
      });
      if (!hasEnded) return ids.length > 0;
      await this.#topic.remove(key, { when: ({ isConnected }) => !isConnected });
    }
  }

  /** Observers hear of a session in order. */
  async #inTurn(requestId: string, tell: () => Promise<void>): Promise<void> {
    const turn = (this.#telling.get(requestId) ?? Promise.resolve()).then(tell);
    this.#telling.set(requestId, turn);
    await turn;
    if (this.#telling.get(requestId) === turn) this.#telling.delete(requestId);
  }
}
