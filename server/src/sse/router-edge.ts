import { getTRPCErrorShape, type AnyTRPCProcedure, type AnyTRPCRouter, type TRPCError } from "@trpc/server";

/** An error and the call it happened in. */
export interface CallError {
  readonly error: TRPCError;
  readonly type: "subscription";
  readonly path: string;
  readonly input: unknown;
  readonly ctx: unknown;
}

/** What the transport needs of a router. tRPC types much of it as `any`; here it becomes `unknown`. */
export class RouterEdge {
  constructor(readonly router: AnyTRPCRouter) {}

  get sse() {
    return this.router._def._config.sse ?? {};
  }

  get outputTransformer(): unknown {
    return this.router._def._config.transformer.output;
  }

  /** The JSON text of a value after the output transformer; `undefined` where JSON has none. */
  outputJson(value: unknown): string | undefined {
    return JSON.stringify(this.router._def._config.transformer.output.serialize(value));
  }

  readInput(json: string): unknown {
    return this.router._def._config.transformer.input.deserialize(JSON.parse(json));
  }

  /** The JSON text of an error in the router's shape. */
  errorJson({ error, type, path, input, ctx }: CallError): string | undefined {
    const shape: unknown = getTRPCErrorShape({
      config: this.router._def._config,
      error,
      type,
      path,
      input,
      ctx,
    });
    return this.outputJson(shape);
  }

  /** The name of a procedure, from the router's own spelling of it in URLs. */
  procedurePath(urlPath: string): string {
    return urlPath.replaceAll(this.router._def._config.pathSeparator, ".");
  }

  /** The procedure, unless it is in a lazy router that was not loaded yet. */
  loaded(path: string): AnyTRPCProcedure | undefined {
    const procedures: unknown = this.router._def.procedures;
    const procedure = isRecord(procedures) ? procedures[path] : undefined;
    return isProcedure(procedure) ? procedure : undefined;
  }

  /** Looks a procedure up as tRPC does, and loads lazy routers on the way. */
  async load(path: string): Promise<AnyTRPCProcedure | undefined> {
    for (;;) {
      const procedure = this.loaded(path);
      if (procedure) return procedure;
      const { lazy } = this.router._def;
      const lazyKey = Object.keys(lazy).find((key) => path.startsWith(key));
      if (lazyKey === undefined) return undefined;
      await lazy[lazyKey]?.load();
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isProcedure(value: unknown): value is AnyTRPCProcedure {
  return typeof value === "function" && "_def" in value;
}
