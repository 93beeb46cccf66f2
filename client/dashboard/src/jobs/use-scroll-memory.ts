import { useEffect, useRef, useState } from "react";
import { isReturning } from "../shell/returning.js";

export interface ScrollMemoryOptions {
  /** Of the document, as far as it is known. */
  readonly height: number;
  /** No more is to come. */
  readonly isWhole: boolean;
  readonly loadMore: (() => void) | null;
}

const key = "jobwire.scroll";

/** Back at a list one is where one was, also when so many jobs have to be loaded again first. */
export function useScrollMemory({ height, isWhole, loadMore }: ScrollMemoryOptions): void {
  const address = location.pathname + location.search;
  const [wanted, setWanted] = useState(() => (isReturning() ? recall(address) : 0));
  const isRestoring = useRef(wanted > 0);
  useEffect(() => {
    if (!isRestoring.current) return;
    if (!isWhole && height < wanted + window.innerHeight) return loadMore?.();
    isRestoring.current = false;
    setWanted(0);
    window.scrollTo(0, wanted);
  }, [height, isWhole, loadMore, wanted]);
  useEffect(() => {
    const remember = () => {
      // A page that takes this one's place moves the window too.
      if (!isRestoring.current && location.pathname + location.search === address)
        sessionStorage.setItem(key, JSON.stringify({ address, top: window.scrollY }));
    };
    window.addEventListener("scroll", remember, { passive: true });
    return () => window.removeEventListener("scroll", remember);
  }, [address]);
}

function recall(address: string): number {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null") as { address: string; top: number } | null;
  return kept?.address === address ? kept.top : 0;
}
