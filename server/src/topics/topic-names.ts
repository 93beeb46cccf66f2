import { AppError } from "../app-error.js";

const mark = "\uFFFD";

/** Redis does nothing else while it moves a state in or out of so many. */
const maxIndexes = 10_000;

/** What lists every state of a topic. */
export const allIndex = "all";

/** The index that lists states under this name of the definition's. */
export function indexOf(name: string): string {
  return `by ${spelled(name)}`;
}

export function nameOfIndex(index: string): string {
  return index
    .slice("by ".length)
    .replaceAll(/\uFFFD([0-9a-f]{4})/g, (_all, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
}

/**
 * The indexes that list a state.
 * @param complete Of these names it has one at least. `undefined`: an index of all lists it too.
 * @throws AppError `EVENT_NOT_APPLICABLE`
 */
export function indexesThatList(
  topic: string,
  names: readonly string[],
  complete: readonly string[] | undefined,
): readonly string[] {
  const own = [...new Set(names.map(indexOf))];
  if (own.length > maxIndexes)
    throw new AppError(
      "EVENT_NOT_APPLICABLE",
      `index of ${topic} returns ${own.length} names for one state; at most ${maxIndexes}.`,
    );
  if (!complete) return [allIndex, ...own];
  if (names.some((name) => complete.includes(name))) return own;
  throw new AppError(
    "EVENT_NOT_APPLICABLE",
    `A state of ${topic} would be missing where all are listed: its index is ${names.join(", ") || "none"}, and complete has ${complete.join(", ")}.`,
  );
}

/** The log of a feed. No key's text begins so. */
export function feedTopic(name: string): string {
  return `feed/${spelled(name)}`;
}

export function idempotencyKeyOf(keyText: string, key: string): string {
  return `${keyText} ${spelled(key)}`;
}

/**
 * A name as a store is given it. Half a surrogate pair has no bytes of its own, and a store may take one for another: it is
 * spelled out, and so is the character that stands for it.
 */
function spelled(name: string): string {
  return name.replaceAll(
    /[\p{Surrogate}\uFFFD]/gu,
    (character) => mark + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
