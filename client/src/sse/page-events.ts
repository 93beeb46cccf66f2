/**
 * Calls back when another attempt promises more than the last one did: the network is there again, or somebody looks at
 * the page. Outside of pages nothing ever says so.
 * @returns what takes the listeners away.
 */
export function onRevival(listener: () => void): () => void {
  const releases = [onAttention(listener), listen(globalThis as PageGlobals, ["online"], listener)];
  return () => releases.forEach((release) => release());
}

/** Calls back when somebody looks at the page again. @returns what takes the listeners away. */
export function onAttention(listener: () => void): () => void {
  const page = globalThis as PageGlobals;
  const seen = () => {
    if (!page.document?.hidden) listener();
  };
  const releases = [
    listen(page, ["pageshow", "focus"], listener),
    listen(page.document, ["visibilitychange"], seen),
  ];
  return () => releases.forEach((release) => release());
}

/** Calls back when the browser has lost its network or has one again. @returns what takes the listeners away. */
export function onNetworkChange(listener: () => void): () => void {
  return listen(globalThis as PageGlobals, ["online", "offline"], listener);
}

/** Whether the browser says that it has no network. A server on the same machine may answer nevertheless. */
export function isOffline(): boolean {
  return (globalThis as PageGlobals).navigator?.onLine === false;
}

/** @returns what takes the listeners away. */
export function listen(
  target: Partial<PageEvents> | undefined,
  types: readonly string[],
  listener: () => void,
): () => void {
  for (const type of types) target?.addEventListener?.(type, listener);
  return () => {
    for (const type of types) target?.removeEventListener?.(type, listener);
  };
}

/** What is used of a browser's globals. */
export interface PageGlobals extends Partial<PageEvents> {
  readonly document?: Page;
  readonly navigator?: { readonly onLine?: boolean };
}

interface PageEvents {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** What is used of a `Document`. */
export interface Page extends PageEvents {
  readonly hidden: boolean;
}
