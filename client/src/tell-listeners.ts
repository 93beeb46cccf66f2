/**
 * Calls all of them. What one throws is no matter of the others, nor of who tells them: it is reported as what a listener of an
 * `EventTarget` throws, as uncaught.
 */
export function tellListeners(listeners: Iterable<() => void>): void {
  for (const listener of listeners) {
    try {
      listener();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
