import { useCallback, useSyncExternalStore } from "react";
import type { StreamSnapshot } from "./shared-stream.js";
import type { StreamPool } from "./stream-pool.js";

/** The stream of this input, shared with all components that watch it, open while one is mounted. */
export function useStream<Input, State, Item>(
  pool: StreamPool<Input, State, Item>,
  input: Input,
): StreamSnapshot<State> {
  const subscribe = useCallback((listener: () => void) => pool.subscribe(input, listener), [pool, input]);
  const read = useCallback(() => pool.read(input), [pool, input]);
  return useSyncExternalStore(subscribe, read, read);
}
