import type { NodeAddress } from "./redis-options.js";

const slotCount = 16_384;

/** The slot of a key or shard channel: CRC16 (XMODEM) of its hash tag. Source: the Redis Cluster specification. */
export function slotOf(name: string): number {
  const open = name.indexOf("{");
  const close = open === -1 ? -1 : name.indexOf("}", open + 1);
  const tag = close > open + 1 ? name.slice(open + 1, close) : name;
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return (crc & 0xffff) % slotCount;
}

/** The address of each slot's master, from the answer to `CLUSTER SLOTS`: `[first, last, [host, port, …], …]`. */
export function readSlotOwners(reply: unknown): Map<number, string> {
  if (!Array.isArray(reply)) throw new TypeError("CLUSTER SLOTS did not answer with a list");
  const owners = new Map<number, string>();
  for (const range of reply as readonly unknown[]) {
    const [first, last, master] = Array.isArray(range) ? (range as readonly unknown[]) : [];
    const [host, port] = Array.isArray(master) ? (master as readonly unknown[]) : [];
    if (typeof host !== "string" || host === "") continue;
    for (let slot = Number(first); slot <= Number(last); slot++) owners.set(slot, `${host}:${Number(port)}`);
  }
  return owners;
}

/** Slots that the node is handing over to another, from its answer to `CLUSTER NODES`. */
export function readMigratingSlots(reply: unknown): Set<number> {
  return new Set([...String(reply).matchAll(/ \[(\d+)->-/g)].map(([, slot]) => Number(slot)));
}

/** Whether the node is one, by its answer to `CLUSTER NODES`. */
export function isReplica(reply: unknown): boolean {
  return /^\S+ \S+ \S*\bmyself,slave\b/m.test(String(reply));
}

/** Where a slot has gone, when this is the error that says so. */
export function movedTo(error: unknown): string | null {
  return error instanceof Error ? (/^MOVED \d+ (\S+:\d+)$/.exec(error.message)?.[1] ?? null) : null;
}

export function addressOf(text: string): NodeAddress {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
