import { useEffect, useEffectEvent } from "react";
import type { JobView } from "@jobwire/client";

export interface ListKeysOptions {
  readonly jobs: readonly JobView[];
  readonly currentId: string | null;
  readonly onMove: (index: number) => void;
  readonly onToggle: (jobId: string) => void;
}

/** `j` and `k` go through the list, `x` selects. `Enter` is the link's own. */
export function useListKeys({ jobs, currentId, onMove, onToggle }: ListKeysOptions): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (isForSomethingElse(event)) return;
    const index = jobs.findIndex(({ jobId }) => jobId === currentId);
    if (event.key === "j") onMove(Math.min(jobs.length - 1, index + 1));
    else if (event.key === "k") onMove(Math.max(0, index - 1));
    else if (event.key === "x" && currentId !== null && index >= 0) onToggle(currentId);
    else return;
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

/** It is being typed, belongs to the browser, or a dialog is open. */
export function isForSomethingElse({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || document.querySelector("dialog[open]")) return true;
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("textarea, select, [contenteditable]") || isTyped(target);
}

function isTyped(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "radio";
}
