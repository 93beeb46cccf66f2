import { constants, setPriority } from "node:os";
import { Fleet, type Expectation, type FleetOptions, type Received } from "../load/fleet.js";
import { answerCalls } from "./child.js";

let fleets: Fleet[] = [];
let fleet = new Fleet();

/** What the process that makes load answers to. */
const calls = {
  /** One more fleet; the ones before stay connected, unread. */
  connect(options: FleetOptions): Promise<number> {
    fleet = new Fleet();
    fleets.push(fleet);
    return fleet.connect(options);
  },

  /** What the newest fleet receives. */
  receive: (expectation: Expectation): Promise<Received> => fleet.receive(expectation),

  /** What other processes can use is theirs. */
  yieldToOthers: (): void => setPriority(constants.priority.PRIORITY_LOW),

  quietReads: (): number => fleet.quietReads,

  async close(): Promise<void> {
    await Promise.all(fleets.map((one) => one.close()));
    fleets = [];
  },
};

export type LoadCalls = typeof calls;

answerCalls(calls);
