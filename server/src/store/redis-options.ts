import type { RedisOptions } from "ioredis";

/** ioredis declares this one field twice, in ways that exact optional properties keep apart. */
export type ConnectionOptions = Omit<RedisOptions, "replyMapping">;

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, for ioredis. */
export type RedisPlace =
  | { readonly kind: "single"; readonly options: ConnectionOptions }
  | {
      readonly kind: "cluster";
      /** Some of its nodes; the others are learned from them. */ readonly nodes: readonly NodeAddress[];
      /** For every node. */ readonly options: ConnectionOptions;
    };

const defaultPort = 6379;
const sentinelPort = 26_379;

/**
 * Reads a `REDIS_URL`.
 * - `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS
 * - `redis+sentinel://[user:password@]host[:port],host[:port],…/name[/db]`, `rediss+sentinel://` for TLS: the master
 *   that these sentinels know by this name. User and password are those of the master.
 * - `redis+cluster://[user:password@]host[:port],host[:port],…`, `rediss+cluster://` for TLS: the Cluster of these nodes.
 * @throws Error when the URL has none of these forms.
 */
export function redisPlaceOf(url: string): RedisPlace {
  const [, protocol = "", login, hosts = "", path = ""] =
    /^(rediss?(?:\+(?:sentinel|cluster))?):\/\/(?:([^@/]*)@)?([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
  const addresses = hosts.split(",").map(addressOf);
  const tls = protocol.startsWith("rediss") ? { tls: {} } : {};
  const [username, password] = (login ?? "").split(":").map(decodeURIComponent);
  const account = { ...(username && { username }), ...(password && { password }) };
  if (protocol.endsWith("+sentinel")) {
    const [name = "", db = "0"] = path.split("/");
    if (name === "" || !isNumber(db)) throw new Error(explanation);
    const sentinels = addresses.map(({ host, port = sentinelPort }) => ({ host, port }));
    const options = { sentinels, name, db: Number(db), ...account, ...tls };
    return { kind: "single", options: { ...options, ...("tls" in tls && { sentinelTLS: {} }) } };
  }
  if (protocol.endsWith("+cluster")) {
    if (path !== "") throw new Error("a Cluster has no databases: nothing may follow its nodes");
    const nodes = addresses.map(({ host, port = defaultPort }) => ({ host, port }));
    return { kind: "cluster", nodes, options: { ...account, ...tls } };
  }
  const [address, ...others] = addresses;
  const db = path === "" ? "0" : path;
  if (!address || others.length > 0 || !isNumber(db)) throw new Error(explanation);
  return { kind: "single", options: { port: defaultPort, ...address, db: Number(db), ...account, ...tls } };
}

const explanation =
  "expected redis://host:port, redis+sentinel://host:port,host:port/name or redis+cluster://host:port,host:port (rediss for TLS)";

function addressOf(text: string): { host: string; port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Error(explanation);
  return port === undefined ? { host } : { host, port: Number(port) };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
