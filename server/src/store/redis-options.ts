import type { RedisOptions } from "ioredis";

/** ioredis declares this one field twice, in ways that exact optional properties keep apart. */
export type ConnectionOptions = Omit<RedisOptions, "replyMapping">;

const sentinelPort = 26_379;

/**
 * Where Redis is, for ioredis.
 * - `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS
 * - `redis+sentinel://[user:password@]host[:port],host[:port],…/name[/db]`, `rediss+sentinel://` for TLS: the master
 *   that these sentinels know by this name. User and password are those of the master.
 * @throws Error when the URL has none of these forms.
 */
export function redisOptionsOf(url: string): ConnectionOptions {
  const [, protocol = "", login, hosts = "", path = ""] =
    /^(rediss?(?:\+sentinel)?):\/\/(?:([^@/]*)@)?([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
  const addresses = hosts.split(",").map(addressOf);
  const tls = protocol.startsWith("rediss") ? { tls: {} } : {};
  const [username, password] = (login ?? "").split(":").map(decodeURIComponent);
  const account = { ...(username && { username }), ...(password && { password }) };
  if (protocol.endsWith("+sentinel")) {
    const [name = "", db = "0"] = path.split("/");
    if (name === "" || !isNumber(db)) throw new Error(explanation);
    const sentinels = addresses.map(({ host, port = sentinelPort }) => ({ host, port }));
    return { sentinels, name, db: Number(db), ...account, ...tls, ...("tls" in tls && { sentinelTLS: {} }) };
  }
  const [address, ...others] = addresses;
  const db = path === "" ? "0" : path;
  if (!address || others.length > 0 || !isNumber(db)) throw new Error(explanation);
  return { port: 6379, ...address, db: Number(db), ...account, ...tls };
}

const explanation =
  "expected redis://host:port, rediss://host:port or redis+sentinel://host:port,host:port/name";

function addressOf(text: string): { host: string; port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Error(explanation);
  return port === undefined ? { host } : { host, port: Number(port) };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
