import { useEffect, useState } from "react";

const channelName = "jobwire removed jobs";

/** Tells the other tabs of the browser. */
export function tellRemoved(jobId: string): void {
  const channel = new BroadcastChannel(channelName);
  channel.postMessage(jobId);
  channel.close();
}

/** Whether the job was removed in another tab: its stream has ended before, and says no more. */
export function useRemoved(jobId: string): boolean {
  const [isRemoved, setIsRemoved] = useState(false);
  useEffect(() => {
    const channel = new BroadcastChannel(channelName);
    channel.addEventListener("message", ({ data }) => {
      if (data === jobId) setIsRemoved(true);
    });
    return () => channel.close();
  }, [jobId]);
  return isRemoved;
}
