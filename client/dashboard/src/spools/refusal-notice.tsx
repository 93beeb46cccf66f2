import { useEffect, useEffectEvent } from "react";

export interface RefusalNoticeProps {
  readonly children: string;
  readonly onRead: () => void;
}

/** Time enough to read it twice. */
const shownMs = 15_000;

export function RefusalNotice({ children, onRead }: RefusalNoticeProps) {
  const read = useEffectEvent(onRead);
  useEffect(() => {
    const timer = setTimeout(() => read(), shownMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p role="alert" className="notice">
      {children}
    </p>
  );
}
