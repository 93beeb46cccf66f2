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
const maxPort = 65_535;

/**
 * Reads a `REDIS_URL`. User and password are percent-encoded where they have `%`, `/`, `?` or `#`; `:` and `@` in a
 * password may stand as they are.
 * - `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS
 * - `redis+sentinel://[user:password@]host[:port],host[:port],…/name[/db]`, `rediss+sentinel://` for TLS: the master
 *   that these sentinels know by this name. User and password are those of the master.
 * - `redis+cluster://[user:password@]host[:port],host[:port],…`, `rediss+cluster://` for TLS: the Cluster of these nodes.
 *
 * Each with `?family=4` or `?family=6` for addresses of that kind only, `?family=0` for either (the default).
 * @throws Error that says what is not understood. It never repeats the password.
 */
export function redisPlaceOf(url: string): RedisPlace {
  const [, scheme = "", authority = "", path = "", query = "", fragment] =
    /^([a-z+]+):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(#.*)?$/i.exec(url) ?? [];
  const [, tls, kind] = /^(redis|rediss)(?:\+(sentinel|cluster))?$/.exec(scheme.toLowerCase()) ?? [];
  if (tls === undefined) throw new Error(`${expectedForms}; this one begins with another scheme`);
  if (fragment !== undefined) throw new Error('a password with "#" is written with %23');
  const loginEnd = authority.lastIndexOf("@");
  const addresses = authority
    .slice(loginEnd + 1)
    .split(",")
    .map(addressOf);
  const options = {
    ...(loginEnd !== -1 && accountOf(authority.slice(0, loginEnd))),
    ...familyOf(query),
    ...(tls === "rediss" && { tls: {} }),
  };
  switch (kind) {
    case "sentinel": {
      const [name = "", db = "0", ...rest] = path.split("/");
      if (name === "" || rest.length > 0)
        throw new Error(
          `${expectedForms}; behind the sentinels comes the name of the master, then its database`,
        );
      const sentinels = addresses.map(({ host, port = sentinelPort }) => ({ host, port }));
      const ofSentinels = { sentinels, name: decode(name, "the name of the master"), db: databaseOf(db) };
      return {
        kind: "single",
        options: { ...ofSentinels, ...options, ...(tls === "rediss" && { sentinelTLS: {} }) },
      };
    }
    case "cluster": {
      if (path !== "") throw new Error("a Cluster has no databases: nothing may follow its nodes");
      const nodes = addresses.map(({ host, port = defaultPort }) => ({ host, port }));
      return { kind: "cluster", nodes, options };
    }
    case undefined:
    default: {
      const [address, ...others] = addresses;
      if (!address || others.length > 0) throw new Error(`${expectedForms}; redis:// names one server`);
      return {
        kind: "single",
        options: { port: defaultPort, ...address, db: databaseOf(path || "0"), ...options },
      };
    }
  }
}

const expectedForms =
  "expected redis://host:port, redis+sentinel://host:port,host:port/name or redis+cluster://host:port,host:port (rediss for TLS)";

/** The first colon ends the user; the password may have more. Source: WHATWG URL, userinfo. */
function accountOf(login: string): { username?: string; password?: string } {
  const userEnd = login.indexOf(":");
  const username = decode(userEnd === -1 ? login : login.slice(0, userEnd), "the user");
  const password = userEnd === -1 ? "" : decode(login.slice(userEnd + 1), "the password");
  return { ...(username && { username }), ...(password && { password }) };
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${what} has a "%" that begins no escape: write it as %25`);
  }
}

function familyOf(query: string): { family?: 0 | 4 | 6 } {
  const parameters = [...new URLSearchParams(query)];
  const unknown = parameters.find(([name]) => name !== "family");
  if (unknown) throw new Error(`?${unknown[0]} is not understood; only ?family=4, 6 or 0 may follow`);
  const [[, family] = []] = parameters;
  switch (family) {
    case undefined:
      return {};
    case "0":
      return { family: 0 };
    case "4":
      return { family: 4 };
    case "6":
      return { family: 6 };
    default:
      throw new Error("?family= is 4, 6, or 0 for either");
  }
}

function databaseOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Error(`${expectedForms}; a database is a number, such as /1`);
  return Number(text);
}

function addressOf(text: string): { host: string; port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Error(expectedForms);
  if (port === undefined) return { host };
  if (Number(port) > maxPort) throw new Error(`a port is at most ${maxPort}`);
  return { host, port: Number(port) };
}
