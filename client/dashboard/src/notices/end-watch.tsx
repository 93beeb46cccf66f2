import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import type { JobwireClient } from "@jobwire/client";
import { navigate } from "wouter/use-browser-location";

/** The jobs whose end somebody wants to hear of. */
export interface EndWatch {
  readonly watched: ReadonlySet<string>;
  /** Asks the person for the permission first. @returns whether it was given. */
  readonly watch: (jobId: string) => Promise<boolean>;
  readonly forget: (jobId: string) => void;
}

/** In this tab, over a reload. */
const key = "jobwire.watched-ends";

export interface EndWatchProviderProps {
  /** Stays connected while the page is hidden: that is when one wants to be told. */
  readonly client: JobwireClient;
  readonly children: ReactNode;
}

export function EndWatchProvider({ client, children }: EndWatchProviderProps) {
  const [watched, setWatched] = useState<ReadonlySet<string>>(readWatched);
  useEffect(() => sessionStorage.setItem(key, JSON.stringify([...watched])), [watched]);
  const forget = useCallback(
    (jobId: string) => setWatched((before) => new Set([...before].filter((id) => id !== jobId))),
    [],
  );
  const watch = useCallback(async (jobId: string) => {
    if (!("Notification" in window) || (await Notification.requestPermission()) !== "granted") return false;
    setWatched((before) => new Set([...before, jobId]));
    return true;
  }, []);
  const endWatch = useMemo(() => ({ watched, watch, forget }), [watched, watch, forget]);
  return (
    <EndWatchContext value={endWatch}>
      {[...watched].map((jobId) => (
        <WatchedEnd key={jobId} client={client} jobId={jobId} onEnd={forget} />
      ))}
      {children}
    </EndWatchContext>
  );
}

export function useEndWatch(): EndWatch {
  const endWatch = useContext(EndWatchContext);
  if (!endWatch) throw new Error("The ends of jobs are watched below the provider only.");
  return endWatch;
}

const EndWatchContext = createContext<EndWatch | null>(null);

interface WatchedEndProps {
  readonly client: JobwireClient;
  readonly jobId: string;
  readonly onEnd: (jobId: string) => void;
}

function WatchedEnd({ client, jobId, onEnd }: WatchedEndProps) {
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const follow = async () => {
      const stages = client.jobs.watch(jobId, { types: ["build.stage.started"], replay: "none", signal });
      for (let isOver = false; !isOver;) isOver = (await stages.next()).done === true;
      if (signal.aborted) return;
      tell(await client.trpc.jobs.get.query({ jobId }));
    };
    // A job that is gone has no end to tell of.
    follow()
      .catch(() => {})
      .finally(() => {
        if (!signal.aborted) onEnd(jobId);
      });
    return () => leaving.abort();
  }, [client, jobId, onEnd]);
  return null;
}

interface EndedJob {
  readonly id: string;
  readonly title: string | null;
  readonly project: string | null;
  readonly stageLabel: string;
  readonly message: string;
}

function tell({ id, title, project, stageLabel, message }: EndedJob): void {
  const name = title ?? project ?? `Job ${id.slice(-8)}`;
  const [firstLine = ""] = message.split("\n", 1);
  const notification = new Notification(`${name}: ${stageLabel}`, {
    body: firstLine === stageLabel ? "" : firstLine,
    tag: id,
  });
  notification.addEventListener("click", () => {
    window.focus();
    navigate(`/jobs/${id}`);
    notification.close();
  });
}

function readWatched(): ReadonlySet<string> {
  return new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]") as string[]);
}
