import type { Cluster, Redis, RedisCommander, Result } from "ioredis";
import { commitScript } from "./commit.lua.js";
import { forkScript } from "./fork.lua.js";
import { listDueScript } from "./list-due.lua.js";
import { listStatesScript, recountScript, unlistScript } from "./list-states.lua.js";
import { readTopicScript } from "./read-topic.lua.js";

declare module "ioredis" {
  interface RedisCommander<Context> {
    jobwireCommit(keyCount: number, ...keysAndArguments: string[]): Result<string[], Context>;
    jobwireFork(keyCount: number, ...keysAndArguments: string[]): Result<number, Context>;
    jobwireListDue(keyCount: number, ...keysAndArguments: string[]): Result<[string, string[]], Context>;
    jobwireListStates(keyCount: number, ...keysAndArguments: string[]): Result<unknown[], Context>;
    jobwireRecount(keyCount: number, ...keysAndArguments: string[]): Result<null, Context>;
    jobwireUnlist(keyCount: number, ...keysAndArguments: string[]): Result<number, Context>;
    jobwireReadTopic(keyCount: number, ...keysAndArguments: string[]): Result<unknown[], Context>;
  }
}

/** What one Redis and a Cluster answer alike. */
export type RedisCommands = RedisCommander<{ type: "default"; mapping: "resp2" }>;

export function defineScripts(client: Redis | Cluster): void {
  client.defineCommand("jobwireCommit", { lua: commitScript });
  client.defineCommand("jobwireFork", { lua: forkScript });
  client.defineCommand("jobwireListDue", { lua: listDueScript });
  client.defineCommand("jobwireListStates", { lua: listStatesScript });
  client.defineCommand("jobwireRecount", { lua: recountScript });
  client.defineCommand("jobwireUnlist", { lua: unlistScript });
  client.defineCommand("jobwireReadTopic", { lua: readTopicScript });
}
