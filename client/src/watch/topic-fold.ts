import {
  parseCursor,
  type DefinitionOf,
  type AnyTopic,
  type StateOf,
  type StreamEventOf,
} from "@jobwire/shared";

/** What the events of one log have come to, as far as they were received. */
export interface Folded<State> {
  readonly state: State | null;
  /** Events up to this one are in the state, because a snapshot had them. */
  readonly snapshotAt: string | null;
}

export const nothingFolded = { state: null, snapshotAt: null } as const;

/**
 * The state after one more event. A gap's snapshot takes the place of the state; what it has already is not applied again. An
 * event that this version does not know, or that its reducer throws at, changes nothing.
 */
export function foldEvent<Topic extends AnyTopic>(
  definition: DefinitionOf<Topic>,
  folded: Folded<StateOf<Topic>>,
  { id, event }: { readonly id: string | undefined; readonly event: StreamEventOf<Topic> },
): Folded<StateOf<Topic>> {
  const read = readOrNull(definition, event);
  if (!read || read.type === "unknown") return folded;
  if (isGap(read)) return { state: read.snapshot, snapshotAt: read.snapshotAt };
  if (isCovered(id, folded.snapshotAt)) return folded;
  try {
    return {
      ...folded,
      state: definition.apply(folded.state, read as Parameters<typeof definition.apply>[1]),
    };
  } catch {
    return folded;
  }
}

/** Whether a log begins after its first event, so that the state cannot be made of its events. */
export function beginsLate(id: string | undefined): boolean {
  const cursor = id === undefined ? null : parseCursor(id);
  return cursor !== null && cursor.offset > 1;
}

/** The id that is before all events of the log of this one. */
export function beginningOf(id: string): string {
  return `${parseCursor(id)?.epoch}:0`;
}

interface SnapshotGap<State> {
  readonly type: "stream.gap";
  readonly snapshot: State | null;
  readonly snapshotAt: string | null;
}

function isGap<State>(event: { readonly type: string }): event is SnapshotGap<State> {
  return event.type === "stream.gap";
}

function readOrNull<Topic extends AnyTopic>(definition: DefinitionOf<Topic>, event: unknown) {
  try {
    return definition.read(event);
  } catch {
    return null;
  }
}

function isCovered(id: string | undefined, snapshotAt: string | null): boolean {
  const [own, covered] = [id, snapshotAt].map((text) => (text ? parseCursor(text) : null));
  return (
    own?.epoch === covered?.epoch && own !== null && own !== undefined && own.offset <= (covered?.offset ?? 0)
  );
}
