const oldest = [6, 2] as const;

/**
 * What a Redis says of itself in its answer to `INFO`, as far as it decides whether what it has acknowledged is kept: in
 * one line each, what is wrong and what to do.
 */
export function readHealth(info: string): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const warnings: string[] = [];
  const [major = 0, minor = 0] = (field("redis_version") ?? "").split(".").map(Number);
  if (major > 0 && (major < oldest[0] || (major === oldest[0] && minor < oldest[1])))
    warnings.push(`Redis is ${field("redis_version")}: Jobwire needs ${oldest.join(".")} or newer`);
  const policy = field("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    warnings.push(
      `Redis may delete keys when it is full (maxmemory-policy ${policy}): set maxmemory-policy to noeviction`,
    );
  const evictedKeys = Number(field("evicted_keys") ?? 0);
  if (evictedKeys > 0)
    warnings.push(
      `Redis has deleted ${evictedKeys} keys to make room: raise maxmemory; readers of what is gone are told`,
    );
  if (field("aof_enabled") === "0")
    warnings.push("Redis forgets what came after its last snapshot when it restarts: set appendonly to yes");
  if (field("role") === "slave")
    warnings.push("Redis is a replica and takes no writes: let REDIS_URL lead to its master");
  return warnings;
}
