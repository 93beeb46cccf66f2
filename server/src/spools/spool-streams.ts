import type { Spool, SpoolStreamEvent } from "@jobwire/shared";
import type { EventStream } from "../streams/event-stream.js";
import { TopicStream } from "../streams/topic-stream.js";
import { SharedReads } from "../streams/shared-reads.js";
import { gapEvent, readStreamRequest, type StreamRequest } from "../streams/stream-request.js";
import type { TopicHubs } from "../streams/topic-hubs.js";
import type { SpoolService } from "./spool-service.js";
import { updatesTopic } from "./spool-store.js";

/** The subscription of the spools domain. */
export class SpoolStreams {
  readonly #boards = new SharedReads<readonly Spool[]>();

  constructor(
    private readonly hubs: TopicHubs,
    private readonly spools: SpoolService,
  ) {}

  /** Every change of every spool. The snapshot of a gap is the whole board. */
  updates(request: StreamRequest): EventStream<SpoolStreamEvent> {
    return new TopicStream<SpoolStreamEvent>({
      hubs: this.hubs,
      ...readStreamRequest(request),
      topic: updatesTopic,
      start: "oldest",
      explainGap: async (gap) => gapEvent(gap, await this.#boards.read(gap.to, () => this.spools.list({}))),
    });
  }
}
