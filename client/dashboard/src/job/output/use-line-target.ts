import { useSyncExternalStore } from "react";

/** The line that the address names: `#L120`. */
export function useLineTarget(): number | null {
  return useSyncExternalStore(subscribe, readLineTarget);
}

function readLineTarget(): number | null {
  const match = /^#L([1-9]\d{0,9})$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

/** `null`: none. */
export function setLineTarget(number: number | null): void {
  const { pathname, search } = location;
  history.replaceState(history.state, "", pathname + search + (number === null ? "" : `#L${number}`));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("hashchange", onChange);
  window.addEventListener("popstate", onChange);
  return () => {
    window.removeEventListener("hashchange", onChange);
    window.removeEventListener("popstate", onChange);
  };
}
