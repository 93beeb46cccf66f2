import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(width < 46rem)");

/** As the stylesheet has it: on a phone a row has two lines. */
export function useRowHeight(): number {
  return useSyncExternalStore(subscribe, () => narrow.matches) ? 46 : 30;
}

function subscribe(onChange: () => void): () => void {
  narrow.addEventListener("change", onChange);
  return () => narrow.removeEventListener("change", onChange);
}
