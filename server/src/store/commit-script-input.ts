/** What the commit script is told. */
export interface CommitScriptInput {
  readonly state?: {
    readonly key: string;
    readonly expect: "absent" | Readonly<Record<string, readonly string[]>>;
    readonly expectPast: string | undefined;
    /** field, value, field, value, … */
    readonly set: readonly string[];
    readonly indexes: readonly string[];
    readonly unlist: readonly string[];
    readonly listedText: string | undefined;
    readonly due: number | "none" | undefined;
    readonly remove: boolean;
    readonly stamp: string | undefined;
  };
  /** The commit's events by topic, in their order. */
  readonly topics: readonly {
    readonly channel: string;
    /** Its epoch if this commit creates it. */
    readonly newEpoch: string;
    readonly events: readonly { readonly type: string; readonly last: "0" | "1" }[];
    readonly idleMs: number | undefined;
  }[];
  readonly closedTopics: number;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly publish: "PUBLISH" | "SPUBLISH";
  readonly retainMs: number | undefined;
  readonly expectOpen: boolean;
  /** How long the answer is kept under the key of a commit that may be tried again. */
  readonly madeMs: number | undefined;
}
