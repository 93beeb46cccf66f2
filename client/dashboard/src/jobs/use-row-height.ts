import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(width < 60rem)");

/** With its border; on a phone a row has two lines. */
export function useRowHeight(): number {
  return useSyncExternalStore(subscribe, () => narrow.matches) ? 63 : 41;
}

function subscribe(onChange: () => void): () => void {
  narrow.addEventListener("change", onChange);
  return () => narrow.removeEventListener("change", onChange);
}
