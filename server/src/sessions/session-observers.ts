import { timerMs, type ConnectedSession } from "@jobwire/shared";
import type { Logger } from "pino";

/** Is told of the connections of this process. What it throws is logged with its name and changes nothing. */
export interface SessionObserver {
  readonly name: string;
  /** The session has a new connection. */
  readonly onConnect?: (session: ConnectedSession) => unknown;
  /** The session has no connection any more. Not called for one that a newer connection has replaced. */
  readonly onDisconnect?: (session: ConnectedSession) => unknown;
  /** How long the next observer waits for this one. Default 5000. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 5000;

/** Tells observers one after the other, in the order they were registered. Nobody has to wait for it. */
export class SessionObservers {
  constructor(
    private readonly observers: readonly SessionObserver[],
    private readonly log: Logger,
  ) {}

  /** Never rejects. */
  async tell(event: "onConnect" | "onDisconnect", session: ConnectedSession): Promise<void> {
    for (const observer of this.observers) {
      try {
        await within(observer.timeoutMs ?? defaultTimeoutMs, async () => observer[event]?.(session));
      } catch (error) {
        const { requestId, connectionId } = session;
        const about = { err: error, observer: observer.name, event, requestId, connectionId };
        this.log.error(about, `session observer ${observer.name} failed; the connection stands`);
      }
    }
  }
}

async function within(timeoutMs: number, run: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`did not settle within ${timeoutMs} ms`)),
      timerMs(timeoutMs),
    ).unref();
  });
  try {
    await Promise.race([run(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
