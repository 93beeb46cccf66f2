/** What a user's observer throws harms no stream. */
export function tellObserver(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    warnOf(error);
  }
}

/** For an error of the user's code that nobody else would hear of: a warning of the process. */
export function warnOf(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
