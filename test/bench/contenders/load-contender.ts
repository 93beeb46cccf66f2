import type { Contender, ContenderName } from "./contender.js";

const loaders: Readonly<Record<ContenderName, () => Promise<Contender>>> = {
  jobwire: async () => (await import("./application.js")).application,
  transport: async () => (await import("./transport.js")).transport,
  trpc: async () => (await import("./trpc.js")).trpc,
  bare: async () => (await import("./bare.js")).bare,
  "better-sse": async () => (await import("./better-sse.js")).betterSse,
  orpc: async () => (await import("./orpc.js")).orpc,
  nchan: async () => (await import("./nchan.js")).nchan,
  "send-loop": async () => (await import("./send-loop.js")).sendLoop,
  "layer-handler": async () => (await import("./layers.js")).handlerLayer,
  "layer-token": async () => (await import("./layers.js")).tokenLayer,
  "layer-headers": async () => (await import("./layers.js")).headersLayer,
  "layer-limits": async () => (await import("./layers.js")).limitsLayer,
};

/** Loads the one that is asked for and nothing of the others. */
export function loadContender(name: ContenderName): Promise<Contender> {
  return loaders[name]();
}
