import type { Cursor } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import type { Page, Replay, TopicHead, TopicKey } from "../../server/src/store/store.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

/** Says that the log goes on and hands nothing out. No store should; one that does must not keep a server busy. */
class EvasiveStore extends TroubledStore {
  evades = true;

  override async head(topic: TopicKey): Promise<TopicHead> {
    const { cursor, closed } = await super.head(topic);
    return { closed, cursor: this.evades ? { ...cursor, offset: cursor.offset + 5 } : cursor };
  }

  override async replay(topic: TopicKey, after: Cursor | null, page: Page): Promise<Replay> {
    const replay = await super.replay(topic, after, page);
    if (!this.evades || replay.kind === "gap") return replay;
    const { cursor } = replay.head;
    return {
      kind: "events",
      entries: [],
      head: { closed: false, cursor: { ...cursor, offset: cursor.offset + 5 } },
    };
  }
}

describe.each(ways)("a stream, %s", (way) => {
  test("asks a store that says nothing new a few times, then waits", async () => {
    await using store = new EvasiveStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await publish(store, topic, 3);
    await using reading = new Reading(way, { hubs, topic });
    for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(store.calls.replay).toBeGreaterThan(0);
    expect(store.calls.replay).toBeLessThan(20);
    expect(reading.items).toEqual([]);
  });
});
