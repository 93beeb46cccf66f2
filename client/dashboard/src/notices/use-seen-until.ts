import { useCallback, useState } from "react";

/** Up to when somebody has looked at the notices, in whichever tab. */
export function useSeenUntil(userId: string): readonly [seenUntil: Date, markSeen: () => void] {
  const key = `jobwire.seen-until.${userId}`;
  const [seenUntil, setSeenUntil] = useState(() => {
    const kept = localStorage.getItem(key);
    if (kept !== null) return new Date(Number(kept));
    // What was there before the first visit is no news.
    const now = new Date();
    localStorage.setItem(key, String(now.getTime()));
    return now;
  });
  const markSeen = useCallback(() => {
    const now = new Date();
    localStorage.setItem(key, String(now.getTime()));
    setSeenUntil(now);
  }, [key]);
  return [seenUntil, markSeen];
}
