import { useCallback, useEffect, useState, type RefObject } from "react";

export interface RowWindow {
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
}

const overscan = 20;

/** Which rows of the same height are on screen. It costs the same for a hundred and for a hundred thousand. */
export function useRowWindow(
  viewport: RefObject<HTMLElement | null>,
  rowHeight: number,
  count: number,
): RowWindow {
  const [{ top, height }, setPlace] = useState({ top: 0, height: 0 });
  const look = useCallback(() => {
    const element = viewport.current;
    if (!element) return;
    const { scrollTop, clientHeight } = element;
    setPlace((place) =>
      place.top === scrollTop && place.height === clientHeight
        ? place
        : { top: scrollTop, height: clientHeight },
    );
  }, [viewport]);
  useEffect(() => {
    const element = viewport.current;
    if (!element) return undefined;
    const resized = new ResizeObserver(look);
    resized.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [viewport, look]);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  return {
    first: Math.min(first, count),
    end: Math.min(count, Math.ceil((top + height) / rowHeight) + overscan),
  };
}
