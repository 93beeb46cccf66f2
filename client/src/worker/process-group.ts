import type { ChildProcess } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { timerMs } from "../timer-ms.js";

export interface GroupLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Resolves once the leader of a process group (a child started `detached`) has exited and its output is read. Ends
 * the group when the time is over, the signal is aborted or this process exits, and what the leader left of it.
 * @returns whether the time was over.
 */
export async function superviseGroup(
  leader: ChildProcess,
  { timeoutMs, signal }: GroupLimits,
): Promise<boolean> {
  let isOvertime = false;
  const timers: NodeJS.Timeout[] = [];
  const kill = () => signalGroup(leader, "SIGKILL");
  const end = () => {
    signalGroup(leader, "SIGTERM");
    timers.push(setTimeout(kill, killAfterMs));
  };
  const overtime = () => {
    isOvertime = true;
    end();
  };
  const drain = () => {
    kill();
    timers.push(setTimeout(hangUp, drainMs));
  };
  const hangUp = () => {
    leader.stdout?.destroy();
    leader.stderr?.destroy();
  };
  timers.push(setTimeout(overtime, timerMs(timeoutMs)));
  leader.once("exit", drain);
  // It may end as many as run at once.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", end, { once: true });
  if (leaders.size === 0) process.once("exit", killAll);
  leaders.add(leader);
  try {
    await once(leader, "close");
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", end);
    leaders.delete(leader);
    if (leaders.size === 0) process.removeListener("exit", killAll);
  }
  return isOvertime;
}

/** Between the request to end and the end. */
const killAfterMs = 2_000;
/** How long output may still come after the exit: a process that left the group may hold the pipes for ever. */
const drainMs = 1_000;

/** Those that run: they share a listener, as Node takes more than ten for a leak. */
const leaders = new Set<ChildProcess>();

function killAll(): void {
  for (const leader of leaders) signalGroup(leader, "SIGKILL");
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
