import { useEffect, useMemo, useRef, useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { OutputText } from "./output-text.js";

export interface JobOutput {
  readonly text: OutputText;
  /** Changes with the text, which grows in place. */
  readonly version: number;
  /** `loading` until what was written by now is there, or is known to be nothing. */
  readonly state: "loading" | "open" | "ended" | "failed";
}

/** No faster than this is it shown, however fast it comes. */
const publishIntervalMs = 50;
/** So long after the last of what was kept, all of it is taken to be there. */
const settledAfterMs = 150;

/** What the job's commands write; asked for from when it is first wanted. */
export function useJobOutput(jobId: string, isWanted: boolean): JobOutput {
  const trpc = useJobwireTrpc();
  const text = useMemo(() => new OutputText(), [jobId]);
  const [{ version, state }, publish] = useState<Omit<JobOutput, "text">>({ version: 0, state: "loading" });
  const wasWanted = useRef(false);
  wasWanted.current ||= isWanted;
  const isOpen = wasWanted.current;
  useEffect(() => {
    if (!isOpen) return undefined;
    let next: JobOutput["state"] = "loading";
    let timer: ReturnType<typeof setTimeout> | undefined;
    let settling: ReturnType<typeof setTimeout> | undefined;
    const schedule = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        publish((last) => ({ version: last.version + 1, state: next }));
      }, publishIntervalMs);
    };
    const become = (reached: JobOutput["state"]) => {
      next = reached;
      schedule();
    };
    const settle = () => {
      clearTimeout(settling);
      if (next === "loading") settling = setTimeout(() => become("open"), settledAfterMs);
    };
    const subscription = trpc.jobs.output.subscribe(
      { jobId },
      {
        onData({ data }) {
          if (data.type !== "output.appended") return;
          text.append(data);
          settle();
          schedule();
        },
        onConnectionStateChange: ({ state: connection }) => {
          if (connection === "pending") settle();
        },
        onComplete: () => become("ended"),
        onError: () => become("failed"),
      },
    );
    return () => {
      clearTimeout(timer);
      clearTimeout(settling);
      subscription.unsubscribe();
    };
  }, [trpc, jobId, text, isOpen]);
  return useMemo(() => ({ text, version, state }), [text, version, state]);
}
