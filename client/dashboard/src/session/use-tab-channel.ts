import { useCallback, useEffect, useRef, useState } from "react";

type TabMessage<Value> = { readonly kind: "ask" } | { readonly kind: "value"; readonly value: Value };

/** A value that the leading tab sets and all tabs of the origin read; one that comes later asks for it. */
export function useTabChannel<Value>(
  name: string,
  isLeader: boolean,
): readonly [value: Value | null, share: (value: Value) => void] {
  const [value, setValue] = useState<Value | null>(null);
  const channel = useRef<BroadcastChannel | null>(null);
  const latest = useRef<Value | null>(null);

  useEffect(() => {
    const opened = new BroadcastChannel(name);
    const receive = ({ data }: MessageEvent<TabMessage<Value>>) => {
      if (data.kind === "value") {
        latest.current = data.value;
        setValue(data.value);
      } else if (isLeader && latest.current !== null) {
        opened.postMessage({ kind: "value", value: latest.current });
      }
    };
    opened.addEventListener("message", receive);
    if (!isLeader) opened.postMessage({ kind: "ask" });
    channel.current = opened;
    return () => {
      opened.removeEventListener("message", receive);
      opened.close();
      channel.current = null;
    };
  }, [name, isLeader]);

  const share = useCallback((shared: Value) => {
    latest.current = shared;
    setValue(shared);
    channel.current?.postMessage({ kind: "value", value: shared });
  }, []);
  return [value, share];
}
