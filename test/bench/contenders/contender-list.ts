import { bare } from "./bare.js";
import { betterSse } from "./better-sse.js";
import type { Contender, ContenderName } from "./contender.js";
import { jobwire } from "./jobwire.js";
import { nchan } from "./nchan.js";
import { orpc } from "./orpc.js";
import { trpc } from "./trpc.js";

export const contenders: Readonly<Record<ContenderName, Contender>> = {
  jobwire,
  trpc,
  bare,
  "better-sse": betterSse,
  orpc,
  nchan,
};
