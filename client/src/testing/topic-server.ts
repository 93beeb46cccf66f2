import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createSseHandler } from "@jobwire/server/sse";
import type { AnyTRPCRouter, inferRouterContext } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";

/** What the server serves. */
export interface TopicServerOptions<Router extends AnyTRPCRouter> {
  /** Your own, with subscriptions that return streams of your topics. */
  readonly router: Router;
  /** What your router's context is made of. Default, where your router asks for no more: an empty one. */
  readonly createContext?: CreateContext<Router>;
}

type CreateContext<Router extends AnyTRPCRouter> = (request: {
  readonly req: Pick<IncomingMessage, "headers">;
}) => inferRouterContext<Router> | Promise<inferRouterContext<Router>>;

/** An empty context does only where the router asks for no more. */
type WithContext<Router extends AnyTRPCRouter> =
  Record<string, never> extends inferRouterContext<Router>
    ? unknown
    : { readonly createContext: CreateContext<Router> };

/** A server that listens. Disposing it ends its streams. */
export interface TopicServer extends AsyncDisposable {
  /** Where the router is mounted. */
  readonly url: string;
}

/**
 * A server of your own router inside this process, on a free port: subscriptions over Jobwire's transport, all else over
 * tRPC's.
 *
 * @example
 * await using server = await startTopicServer({ router: appRouter });
 * const trpc = createTRPCClient<AppRouter>({ links: [sseLink({ url: server.url, transformer: superjson })] });
 */
export async function startTopicServer<Router extends AnyTRPCRouter>({
  router,
  createContext = () => ({}),
}: TopicServerOptions<Router> & WithContext<NoInfer<Router>>): Promise<TopicServer> {
  const sse = createSseHandler({ router, createContext });
  const handle = createHTTPHandler({ router, createContext });
  const server = createServer((request, response) => {
    void sse(request, response).then((isTaken) => {
      if (!isTaken) handle(request, response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    async [Symbol.asyncDispose]() {
      await sse.drain({ overMs: 0 });
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
