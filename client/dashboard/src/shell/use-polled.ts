import { useEffect, useState } from "react";

/**
 * What the server answers, asked again and again while the page is seen; `null` until it is known. While the server is away
 * the last answer stands: the connection says that it is away.
 * @param load stable; another one begins anew.
 */
export function usePolled<Answer>(
  load: (signal: AbortSignal) => Promise<Answer>,
  intervalMs: number,
): Answer | null {
  const [known, setKnown] = useState<{ readonly load: unknown; readonly answer: Answer } | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      clearTimeout(timer);
      const answer = document.hidden ? null : await load(leaving.signal).catch(() => null);
      if (leaving.signal.aborted) return;
      if (answer !== null) setKnown({ load, answer });
      clearTimeout(timer);
      timer = setTimeout(() => void ask(), intervalMs);
    };
    const onSeen = () => void (document.hidden || ask());
    document.addEventListener("visibilitychange", onSeen);
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onSeen);
    };
  }, [load, intervalMs]);
  return known?.load === load ? known.answer : null;
}
