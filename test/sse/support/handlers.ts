import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSseHandler, type SseHandlerOptions } from "@jobwire/server/sse";
import type { AnyTRPCRouter, TRPCError } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import type { TRPCRequestInfo } from "@trpc/server/http";
import { describe } from "vitest";

export interface MountOptions {
  readonly router: AnyTRPCRouter;
  readonly createContext?: (options: ContextOptions) => object | Promise<object>;
  readonly responseMeta?: NonNullable<SseHandlerOptions<AnyTRPCRouter>["responseMeta"]>;
  readonly onError?: (failure: Failure) => void;
  readonly basePath?: string;
  /** Jobwire's alone: tRPC's handler does not say after how long to come back. */
  readonly retryMs?: number;
}

export interface ContextOptions {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly info: TRPCRequestInfo;
}

/** What both handlers tell `onError`. */
export interface Failure {
  readonly error: TRPCError;
  readonly type: string;
  readonly path: string | undefined;
  readonly input: unknown;
  readonly ctx: object | undefined;
}

interface Mounted extends AsyncDisposable {
  /** Where the router is, without a slash at the end. */
  readonly url: string;
  readonly server: Server;
  /** All calls of `onError` so far. */
  readonly failures: readonly Failure[];
}

export interface HandlerUnderTest {
  readonly name: "tRPC" | "Jobwire";
  mount(options: MountOptions): Promise<Mounted>;
}

/** Defines the same tests for tRPC's own handler and for Jobwire's. */
export function describeOnEachHandler(title: string, define: (handler: HandlerUnderTest) => void): void {
  describe.each(handlers)(`${title} ($name)`, define);
}

export const trpcHandler: HandlerUnderTest = { name: "tRPC", mount: mountTrpc };
export const jobwireHandler: HandlerUnderTest = { name: "Jobwire", mount: mountJobwire };
const handlers = [trpcHandler, jobwireHandler];

function mountTrpc(options: MountOptions): Promise<Mounted> {
  const { settings, failures } = settingsOf(options);
  return listen(createServer(createHTTPHandler(settings)), failures, options.basePath);
}

function mountJobwire(options: MountOptions): Promise<Mounted> {
  const { settings, failures } = settingsOf(options);
  const sse = createSseHandler<AnyTRPCRouter>(settings as SseHandlerOptions<AnyTRPCRouter>);
  const calls = createHTTPHandler({
    ...settings,
    createContext: refuseStreams(options, settings.createContext),
  });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (!(await sse(request, response))) calls(request, response);
  };
  return listen(
    createServer((request, response) => void serve(request, response)),
    failures,
    options.basePath,
  );
}

/** A stream that Jobwire leaves to tRPC's handler would look right here and lack limits, expiry and drain. */
function refuseStreams({ router }: MountOptions, createContext: NonNullable<MountOptions["createContext"]>) {
  const streams = router._def._config.sse?.enabled ?? true;
  return (options: ContextOptions) => {
    const isStream = options.info.type === "subscription" && !options.info.isBatchCall;
    if (streams && isStream && options.req.method === "GET") {
      throw new Error(`Jobwire's handler did not take the subscription ${options.req.url}`);
    }
    return createContext(options);
  };
}

function settingsOf({ createContext = () => ({}), onError, ...options }: MountOptions) {
  const failures: Failure[] = [];
  const settings = {
    ...options,
    createContext,
    onError: (failure: Failure) => {
      failures.push(failure);
      onError?.(failure);
    },
  };
  return { settings, failures };
}

async function listen(server: Server, failures: readonly Failure[], basePath = "/"): Promise<Mounted> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${basePath.endsWith("/") ? basePath.slice(0, -1) : basePath}`,
    server,
    failures,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
