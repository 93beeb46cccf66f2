import type { LinkUnderTest } from "./link-under-test.js";

/** Something that happens to a stream, and what is to come of it. */
export interface Scenario {
  /** As the table of docs/client.md has it. */
  readonly title: string;
  readonly run: (link: LinkUnderTest) => Promise<void>;
  /** Where tRPC's own link does something else. Absent: it passes too. */
  readonly stock?: {
    readonly instead: string;
    readonly run: (link: LinkUnderTest) => Promise<void>;
  };
}
