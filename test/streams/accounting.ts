import { formatCursor, parseCursor, type Cursor } from "@jobwire/shared";
import { expect } from "vitest";
import type { Reading } from "./reading.js";

/** What was published: the type of each event by its id. */
type Published = ReadonlyMap<string, string>;

export interface Account {
  /** Where the stream began; `null` when it began with whatever was retained, or with whatever was newest. */
  readonly after: Cursor | null;
  /** Without a cursor it began with the first event of a log. */
  readonly fromFirst?: boolean;
  readonly published: Published;
  readonly types?: ReadonlySet<string> | undefined;
}

/**
 * Fails unless the stream delivered what follows its beginning once and in order, and said what it could not deliver:
 * each event is the next one wanted, and each gap starts where the stream was and covers something.
 * @returns the position after the last item.
 */
export function account(reading: Reading, { after, published, types, fromFirst }: Account): Cursor | null {
  let position = after;
  const skip = (to: Cursor) => {
    for (let offset = (position?.offset ?? 0) + 1; position && offset < to.offset; offset++) {
      const skipped = formatCursor({ epoch: to.epoch, offset });
      const type = published.get(skipped);
      expect({ skipped, isUnwanted: type !== undefined && types?.has(type) === false }).toEqual({
        skipped,
        isUnwanted: true,
      });
    }
  };
  for (const { id, event } of reading.items) {
    const cursor = cursorOf(id);
    if ("reason" in event) {
      const from = cursorOf(event.from);
      expect(event.to).toBe(id);
      position ??= from;
      expect({ epoch: from.epoch, isBack: from.offset < position.offset }).toEqual({
        epoch: position.epoch,
        isBack: false,
      });
      skip({ epoch: from.epoch, offset: from.offset + 1 });
      if (event.reason === "trimmed") {
        expect(cursor.epoch).toBe(from.epoch);
        expect(cursor.offset).toBeGreaterThan(from.offset);
      } else {
        expect(cursor.epoch !== from.epoch || cursor.offset < from.offset).toBe(true);
      }
    } else {
      expect(published.get(id)).toBe(event.type);
      if (types) expect(types).toContain(event.type);
      if (fromFirst) position ??= { epoch: cursor.epoch, offset: 0 };
      if (position) expect(cursor.epoch).toBe(position.epoch);
      if (position) expect(cursor.offset).toBeGreaterThan(position.offset);
      skip(cursor);
    }
    position = cursor;
  }
  return position;
}

function cursorOf(id: string): Cursor {
  const cursor = parseCursor(id);
  if (!cursor) throw new Error(`${id} is no cursor.`);
  return cursor;
}
