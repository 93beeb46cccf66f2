import { createContext, useContext, useEffect, useState } from "react";

/** Whether time passes on the page: while it does not hear of what happens, nothing it shows grows older. */
export const ClockContext = createContext(true);

/** The time of now, kept up to date every `intervalMs`; `null` lets it stand. */
export function useNow(intervalMs: number | null): Date {
  const isGoing = useContext(ClockContext);
  const stepMs = isGoing ? intervalMs : null;
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (stepMs === null) return undefined;
    setNow(new Date());
    const timer = setInterval(() => setNow(new Date()), stepMs);
    return () => clearInterval(timer);
  }, [stepMs]);
  return now;
}
