import { vi } from "vitest";

/** What React complains of, such as an update after the end of a component. */
export interface ErrorLog extends Disposable {
  readonly messages: readonly string[];
}

export function watchErrorLog(): ErrorLog {
  const messages: string[] = [];
  const spy = vi.spyOn(console, "error").mockImplementation((...values: unknown[]) => {
    messages.push(values.map(String).join(" "));
  });
  return { messages, [Symbol.dispose]: () => spy.mockRestore() };
}
