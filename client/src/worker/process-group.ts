import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

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
  timers.push(setTimeout(overtime, timeoutMs));
  leader.once("exit", drain);
  signal.addEventListener("abort", end, { once: true });
  process.once("exit", kill);
  try {
    await once(leader, "close");
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", end);
    process.removeListener("exit", kill);
  }
  return isOvertime;
}

/** Between the request to end and the end. */
const killAfterMs = 2_000;
/** How long output may still come after the exit: a process that left the group may hold the pipes for ever. */
const drainMs = 1_000;

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
