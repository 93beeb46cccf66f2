import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { createSseHandler, type CloseReason, type SseHandler } from "@jobwire/server/sse";
import { initTRPC, lazy } from "@trpc/server";
import { expect, test } from "vitest";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { getText } from "../support/raw-socket.js";
import { aborted, eventually, Happening } from "../support/waiting.js";
import { openStream } from "../support/wire-stream.js";

/** Clients that are gone before their stream is there, at each step of its making. */

const { router, procedure } = initTRPC.create({ isDev: false });

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Sends a request; what it returns breaks the connection and waits until the server has noticed. */
async function ask(url: string, response: Happening<ServerResponse>) {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(getText(url));
  const serverEnd = await response.soon();
  return async () => {
    const gone = once(serverEnd, "close");
    socket.destroy();
    await gone;
  };
}

/** Slots: one stream may be open at once, so a lost slot refuses everybody after. */
const limits = { maxConnections: 1 };

async function expectRoom(sse: SseHandler, url: string): Promise<void> {
  await eventually(() => sse.connectionCount()).toBe(0);
  using stream = await openStream(url);
  expect(stream.status).toBe(200);
}

test.each(["createContext", "identify"])(
  "gone while the server waits for %s: nothing stays",
  async (step) => {
    const seen = new Happening<ServerResponse>("the request");
    const reached = new Happening("the step");
    const goOn = new Happening("the permission");
    let calls = 0;
    const wait = async () => {
      calls += 1;
      if (calls > 1) return;
      reached.happen();
      await goOn.soon();
    };
    const stopped = new Happening<boolean>("the procedure");
    const stream = procedure.subscription(async function* ({ signal }) {
      if (calls === 1) stopped.happen(signal?.aborted ?? false);
      await aborted(signal);
      yield 1;
    });
    const closes: CloseReason[] = [];
    const sse = createSseHandler({
      ...limits,
      router: router({ stream }),
      createContext: async () => (step === "createContext" && (await wait()), {}),
      identify: async () => (step === "identify" && (await wait()), { userId: "alice" }),
      onClose: (reason) => closes.push(reason),
    });
    await using server = await listen((request, response) => {
      seen.happen(response);
      void sse(request, response);
    });
    const leave = await ask(`${server.url}/stream`, seen);
    await reached.soon();
    await leave();
    goOn.happen();
    await expectRoom(sse, `${server.url}/stream`);
    // Either it was never opened, or the client ended it: its token has not run out.
    expect(closes.filter((reason) => reason !== "client")).toEqual([]);
  },
);

test("gone while a lazy router is loaded: the procedure is told, and nothing stays", async () => {
  const seen = new Happening<ServerResponse>("the request");
  const goOn = new Happening("the permission");
  let open = 0;
  const stream = procedure.subscription(async function* ({ signal }) {
    open += 1;
    await aborted(signal);
    open -= 1;
    yield 1;
  });
  const late = lazy(async () => {
    await goOn.soon();
    return router({ stream });
  });
  const sse = createSseHandler({ ...limits, router: router({ late }), createContext: () => ({}) });
  await using server = await listen((request, response) => {
    seen.happen(response);
    void sse(request, response);
  });
  const leave = await ask(`${server.url}/late.stream`, seen);
  await leave();
  goOn.happen();
  await expectRoom(sse, `${server.url}/late.stream`);
  await eventually(() => open).toBe(0);
});

test("gone before the handler is called, as when a middleware takes its time: nothing stays", async () => {
  const seen = new Happening<ServerResponse>("the request");
  let open = 0;
  const stream = procedure.subscription(async function* ({ signal }) {
    open += 1;
    await aborted(signal);
    open -= 1;
    yield 1;
  });
  const sse = createSseHandler({ ...limits, router: router({ stream }), createContext: () => ({}) });
  let isFirst = true;
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    seen.happen(response);
    if (isFirst) {
      isFirst = false;
      await once(response, "close");
    }
    await sse(request, response);
  };
  await using server = await listen((request, response) => void serve(request, response));
  const leave = await ask(`${server.url}/stream`, seen);
  await leave();
  await expectRoom(sse, `${server.url}/stream`);
  await eventually(() => open).toBe(0);
});

test.each(["identify", "open", "before"])("a plain stream whose client is gone: %s", async (step) => {
  await using store = openMemoryStore({ maxEvents: 10 });
  await using hubs = new TopicHubs(store, () => {});
  const seen = new Happening<ServerResponse>("the request");
  const reached = new Happening("the step");
  const goOn = new Happening("the permission");
  let calls = 0;
  const waitAt = async (at: string) => {
    if (at !== step || ++calls > 1) return;
    reached.happen();
    await goOn.soon();
  };
  const sse = createSseHandler({ ...limits, router: router({}), createContext: () => ({}) });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    seen.happen(response);
    if (step === "before" && ++calls === 1) {
      reached.happen();
      await once(response, "close");
    }
    await sse.plain(request, response, {
      service: "topic",
      identify: async () => {
        await waitAt("identify");
        return { userId: "alice" };
      },
      open: async (signal) => {
        await waitAt("open");
        return new TopicStream<object>({
          hubs,
          topic: { scope: "s", topic: "t" },
          after: null,
          start: "oldest",
          explainGap: async (gap) => gap,
          signal,
        });
      },
      onError: () => {},
    });
  };
  await using server = await listen((request, response) => void serve(request, response));
  const leave = await ask(`${server.url}/`, seen);
  await reached.soon();
  await leave();
  goOn.happen();
  await expectRoom(sse, `${server.url}/`);
});
