import { useEffect, useState } from "react";

/** Whether this tab is the one of its origin that leads for this name. Another takes over when it is closed. */
export function useLeadership(name: string): boolean {
  // Only secure origins have locks; without them each tab is on its own.
  const canAgree = "locks" in navigator;
  const [isLeader, setIsLeader] = useState(!canAgree);
  useEffect(() => {
    if (!canAgree) return undefined;
    const leaving = new AbortController();
    const lead = () =>
      new Promise<void>((resolve) => {
        if (leaving.signal.aborted) return resolve();
        setIsLeader(true);
        leaving.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    // It rejects when the tab leaves before its turn.
    navigator.locks.request(name, { signal: leaving.signal }, lead).catch(() => {});
    return () => {
      leaving.abort();
      setIsLeader(false);
    };
  }, [name, canAgree]);
  return isLeader;
}
