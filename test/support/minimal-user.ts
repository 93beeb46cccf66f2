import { readFile } from "node:fs/promises";
import type { Redis } from "ioredis";

const docs = new URL("../../docs/redis.md", import.meta.url);
const password = "a-password";

/** Makes the user that docs/redis.md tells operators to make for this kind of Redis. */
export async function createMinimalUser(redis: Redis, kind: "single" | "cluster"): Promise<void> {
  const lines = (await readFile(docs, "utf8")).match(/^ACL SETUSER jobwire .*$/gm) ?? [];
  const line = lines.find((each) => each.includes("+cluster|slots") === (kind === "cluster"));
  if (line === undefined) throw new Error(`docs/redis.md has no ACL SETUSER line for ${kind}.`);
  const [, ...words] = line.replace(">PASSWORD", `>${password}`).split(" ");
  await redis.call("ACL", ...words);
}

/** The same URL with that user in it. */
export function asMinimalUser(url: string): string {
  return url.replace("://", `://jobwire:${password}@`);
}

/** What a user was refused so far, in words of `ACL LOG`. */
export async function refusedByAcl(redis: Redis): Promise<string[]> {
  const entries = await redis.acl("LOG");
  return (Array.isArray(entries) ? entries : []).map((entry: unknown) => JSON.stringify(entry));
}
