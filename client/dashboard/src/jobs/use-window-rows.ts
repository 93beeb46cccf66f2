import { useCallback, useLayoutEffect, useState, type RefObject } from "react";

export interface WindowRowsOptions {
  readonly list: RefObject<HTMLElement | null>;
  readonly count: number;
  readonly rowHeight: number;
}

export interface WindowRows {
  /** Those near the window: from `first` up to, not including, `end`. */
  readonly first: number;
  readonly end: number;
  /** Where the list begins in the document. */
  readonly top: number;
  readonly scrollTo: (index: number) => void;
}

/** So many rows before and after what is seen. */
const overscan = 8;
/** What stands over the first row that one sees. */
const headHeight = 72;

/** Of a long list of rows that are all alike in height those that are near the window, which scrolls it. */
export function useWindowRows({ list, count, rowHeight }: WindowRowsOptions): WindowRows {
  const [shown, setShown] = useState({ first: 0, end: 0, top: 0 });
  useLayoutEffect(() => {
    const look = () => {
      const top = list.current ? list.current.getBoundingClientRect().top + window.scrollY : 0;
      const above = Math.floor((window.scrollY - top) / rowHeight);
      const seen = Math.ceil(window.innerHeight / rowHeight);
      const first = Math.max(0, Math.min(above - overscan, count - 1));
      const end = Math.min(count, Math.max(0, above) + seen + overscan);
      setShown((before) =>
        before.first === first && before.end === end && before.top === top ? before : { first, end, top },
      );
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [list, count, rowHeight]);
  const { top } = shown;
  const scrollTo = useCallback(
    (index: number) => {
      const begin = top + index * rowHeight;
      const isAbove = begin < window.scrollY + headHeight;
      const isBelow = begin + rowHeight > window.scrollY + window.innerHeight;
      if (isAbove) window.scrollTo(0, begin - headHeight);
      else if (isBelow) window.scrollTo(0, begin + 2 * rowHeight - window.innerHeight);
    },
    [top, rowHeight],
  );
  return { ...shown, scrollTo };
}
