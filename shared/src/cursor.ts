/**
 * A place in a topic's log: after the event with this offset. Offsets count 1, 2, 3 … without holes; 0 is before the
 * first event. The epoch names the log's life: another epoch means another log. Clients treat the text as opaque.
 */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
}

const cursorPattern = /^([0-9a-z]{1,32}):(0|[1-9][0-9]{0,14})$/;

/** As it stands in an event's id: `epoch:offset`. */
export function formatCursor(cursor: Cursor): string {
  return `${cursor.epoch}:${cursor.offset}`;
}

/** @returns `null` when the text is not a cursor. */
export function parseCursor(text: string): Cursor | null {
  const match = cursorPattern.exec(text);
  if (match?.[1] === undefined) return null;
  return { epoch: match[1], offset: Number(match[2]) };
}
