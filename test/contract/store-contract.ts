import { describe } from "vitest";
import { commitContract } from "./commit-contract.js";
import { dueContract, idleContract, moveContract } from "./due-contract.js";
import { emptyTopicContract } from "./empty-topic-contract.js";
import { forkContract } from "./fork-contract.js";
import { guardContract } from "./guard-contract.js";
import { idempotencyContract } from "./idempotency-contract.js";
import { listStatesContract } from "./list-states-contract.js";
import { listenContract } from "./listen-contract.js";
import { oddTextsContract } from "./odd-texts-contract.js";
import { replayContract } from "./replay-contract.js";
import { retainContract } from "./retain-contract.js";
import { scopeContract } from "./scope-contract.js";
import type { OpenStore } from "./store-fixtures.js";

/** What every adapter of the store port keeps. Each test uses scopes of its own, so the adapters may share a server. */
export function describeStore(name: string, open: OpenStore): void {
  describe(name, () => {
    describe("a commit", () => commitContract(open));
    describe("a guard", () => guardContract(open));
    describe("an idempotency key", () => idempotencyContract(open));
    describe("a replay", () => replayContract(open));
    describe("a fork", () => forkContract(open));
    describe("listening", () => listenContract(open));
    describe("listing states", () => listStatesContract(open));
    describe("states with odd texts", () => oddTextsContract(open));
    describe("moving, counting and removing states", () => moveContract(open));
    describe("what is due", () => dueContract(open));
    describe("idleMs and expectOpen", () => idleContract(open));
    describe("a topic without events", () => emptyTopicContract(open));
    describe("retainMs", () => retainContract(open));
    describe("a scope", () => scopeContract(open));
  });
}
