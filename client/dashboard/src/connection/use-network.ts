import { useSyncExternalStore } from "react";

let offlineSince: Date | null = null;

/** Since when the browser has no network at all; `null` while it has one. */
export function useNetwork(): Date | null {
  return useSyncExternalStore(subscribe, read);
}

function read(): Date | null {
  if (navigator.onLine) offlineSince = null;
  else offlineSince ??= new Date();
  return offlineSince;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("online", onChange);
  window.addEventListener("offline", onChange);
  return () => {
    window.removeEventListener("online", onChange);
    window.removeEventListener("offline", onChange);
  };
}
