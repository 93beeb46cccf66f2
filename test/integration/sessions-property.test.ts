import type { SessionStreamEvent } from "@jobwire/shared";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { Store } from "../../server/src/store/store.js";
import { messagesIn } from "../support/session-steps.js";
import { sessionsOn } from "../support/sessions-on.js";

const requestIds = ["a", "b"];
const users = ["alice", "bob"];

type Action =
  | {
      readonly do: "open";
      readonly requestId: string;
      readonly userId: string;
      readonly at: 0 | 1;
      readonly resumes: boolean;
    }
  | { readonly do: "leave"; readonly requestId: string }
  | { readonly do: "send"; readonly requestId: string }
  | { readonly do: "broadcast" };

const requestIdArbitrary = fc.constantFrom(...requestIds);
const actionArbitrary: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("open" as const),
      requestId: requestIdArbitrary,
      userId: fc.constantFrom(...users, "alice", "alice"),
      at: fc.constantFrom(0 as const, 1 as const),
      resumes: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), requestId: requestIdArbitrary }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("send" as const), requestId: requestIdArbitrary }) },
  { weight: 2, arbitrary: fc.constant({ do: "broadcast" as const }) },
);

test("whatever sessions do on two processes, each connection gets exactly what is meant for it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(actionArbitrary, { maxLength: 25, size: "max" }), async (actions) => {
      await using store = openMemoryStore({ maxEvents: 1000 });
      await using one = openProcess(store);
      await using other = openProcess(store);
      const run = new Run([one, other]);
      for (const action of actions) await run.carryOut(action);
      run.leaveAll();
    }),
    { numRuns: 150 },
  );
});

/** Carries actions out and knows what has to come of them: the model is a list of names and one connection a session. */
class Run {
  readonly #sessions = new Map<
    string,
    { userId: string; sent: string[]; connection: Connection | undefined; last: Connection }
  >();
  readonly #connections: Connection[] = [];
  #count = 0;

  constructor(private readonly processes: readonly [ServerProcess, ServerProcess]) {}

  get sessions(): ServerProcess["sessions"] {
    return this.processes[0].sessions;
  }

  async carryOut(action: Action): Promise<void> {
    switch (action.do) {
      case "open":
        await this.#open(action);
        break;
      case "leave":
        await this.#leave(action.requestId);
        break;
      case "send":
        await this.#send(action.requestId);
        break;
      case "broadcast":
        await this.#send("all");
        break;
    }
    await this.#check();
  }

  leaveAll(): void {
    for (const connection of this.#connections) connection.leave();
  }

  async #open({ requestId, userId, at, resumes }: Extract<Action, { do: "open" }>): Promise<void> {
    const session = this.#sessions.get(requestId);
    const lastEventId = resumes ? session?.last.lastId : undefined;
    const opening = this.processes[at].open(userId, requestId, lastEventId);
    if (session && session.userId !== userId) {
      await expect(opening).rejects.toMatchObject({ reason: "SESSION_NOT_FOUND" });
      return;
    }
    const connection = await opening;
    const isResumed = lastEventId !== undefined && session !== undefined;
    connection.expected.push(...(isResumed ? session.sent.slice(session.last.from + session.last.seen) : []));
    connection.from = isResumed ? session.last.from + session.last.seen : (session?.sent.length ?? 0);
    connection.isResumed = isResumed;
    if (session?.connection) session.connection.isReplaced = true;
    this.#connections.push(connection);
    this.#sessions.set(requestId, { userId, sent: session?.sent ?? [], connection, last: connection });
  }

  async #leave(requestId: string): Promise<void> {
    const session = this.#sessions.get(requestId);
    session?.connection?.leave();
    if (session) session.connection = undefined;
  }

  async #send(to: string): Promise<void> {
    const name = `${to === "all" ? "all" : "own"} ${++this.#count}`;
    const event = { type: "session.message", name, data: null } as const;
    const delivered = await this.sessions.registry.send(event, to === "all" ? undefined : to);
    const reached = [...this.#sessions].filter(([requestId]) => to === "all" || to === requestId);
    for (const [, session] of reached) {
      session.sent.push(name);
      session.connection?.expected.push(name);
    }
    expect(delivered).toBe(reached.filter(([, { connection }]) => connection).length);
  }

  async #check(): Promise<void> {
    await vi.waitFor(
      async () => {
        for (const connection of this.#connections) connection.check();
        const connected = await this.sessions.registry.connected();
        const expected = [...this.#sessions].flatMap(([requestId, { connection }]) =>
          connection ? [[requestId, connection.id] as const] : [],
        );
        expect(new Map(connected.map(({ requestId, connectionId }) => [requestId, connectionId]))).toEqual(
          new Map(expected),
        );
      },
      { interval: 0, timeout: 10_000 },
    );
  }
}

/** What one connection has received, and what it has to receive. */
class Connection {
  readonly events: SessionStreamEvent[] = [];
  readonly expected: string[] = [];
  /** How much had been sent before what it is to receive. */
  from = 0;
  isResumed = false;
  isReplaced = false;
  lastId: string | undefined;
  #hasLeft = false;

  constructor(private readonly leaving: AbortController) {}

  get id(): string | undefined {
    const [opened] = this.events;
    return opened?.type === "session.opened" ? opened.connectionId : undefined;
  }

  get seen(): number {
    return messagesIn(this.events).length;
  }

  leave(): void {
    this.#hasLeft = true;
    this.leaving.abort();
  }

  check(): void {
    const types = this.events.map(({ type }) => type);
    // Each of the logs it follows is in order; between them there is none.
    for (const log of ["all", "own"]) {
      const ofLog = (names: readonly string[]) => names.filter((name) => name.startsWith(log));
      expect(ofLog(messagesIn(this.events))).toEqual(ofLog(this.expected));
    }
    expect(types.slice(0, 2)).toEqual(["session.opened", "version.announced"]);
    expect(this.events[0]).toMatchObject({ resumed: this.isResumed });
    if (!this.#hasLeft) expect(types.includes("session.replaced")).toBe(this.isReplaced);
    expect(types).not.toContain("stream.gap");
  }
}

interface ServerProcess extends AsyncDisposable {
  readonly sessions: ReturnType<typeof sessionsOn>;
  open(userId: string, requestId: string, lastEventId: string | undefined): Promise<Connection>;
}

function openProcess(store: Store): ServerProcess {
  const sessions = sessionsOn(store, { onError: fail });
  return {
    sessions,
    async open(userId, requestId, lastEventId) {
      const leaving = new AbortController();
      const caller = { userId, role: "user", expiresAt: new Date(Infinity) } as const;
      const stream = await sessions.streams.open(caller, { requestId, lastEventId, signal: leaving.signal });
      const connection = new Connection(leaving);
      void (async () => {
        for await (const [id, event] of stream) {
          connection.events.push(event);
          if (event.type !== "session.replaced") connection.lastId = id;
          else leaving.abort();
        }
      })().catch(fail);
      return connection;
    },
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}

function fail(cause?: unknown): never {
  throw new Error("This was not to happen.", { cause });
}
