import { useEffect, useState } from "react";

/**
 * Whether this tab is the one of its origin that leads for this name. Another takes over when it is closed, or frozen as
 * browsers do with hidden pages: that one stands in line again when it goes on.
 */
export function useLeadership(name: string): boolean {
  // Only secure origins have locks; without them each tab is on its own.
  const canAgree = "locks" in navigator;
  const [isLeader, setIsLeader] = useState(!canAgree);
  useEffect(() => {
    if (!canAgree) return undefined;
    let turn: AbortController | null = null;
    const stepBack = () => {
      turn?.abort();
      turn = null;
      setIsLeader(false);
    };
    const standInLine = () => {
      if (turn) return;
      turn = new AbortController();
      const { signal } = turn;
      const lead = () =>
        new Promise<void>((resolve) => {
          if (signal.aborted) return resolve();
          setIsLeader(true);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      // It rejects when the tab leaves before its turn.
      navigator.locks.request(name, { signal }, lead).catch(() => {});
    };
    document.addEventListener("freeze", stepBack);
    document.addEventListener("resume", standInLine);
    standInLine();
    return () => {
      document.removeEventListener("freeze", stepBack);
      document.removeEventListener("resume", standInLine);
      stepBack();
    };
  }, [name, canAgree]);
  return isLeader;
}
