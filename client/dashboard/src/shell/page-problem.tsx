import { useEffect, useState } from "react";
import { PageNotLoaded } from "./lazy-page.js";

type Cause = "unknown" | "offline" | "unreachable" | "new-version";

export function PageProblem({ error }: { readonly error: unknown }) {
  return error instanceof PageNotLoaded ? <NotLoaded /> : <Problem {...broken} onReload={reload} />;
}

function NotLoaded() {
  const [cause, setCause] = useState<Cause>(navigator.onLine ? "unknown" : "offline");
  useEffect(() => {
    const stopped = new AbortController();
    const { signal } = stopped;
    window.addEventListener("online", reload, { signal });
    if (navigator.onLine)
      void isServerThere(signal).then(
        (isThere) => signal.aborted || setCause(isThere ? "new-version" : "unreachable"),
      );
    return () => stopped.abort();
  }, []);
  // Without a server to load it from, the window would be lost with the page.
  const tryAgain = async () => {
    if (await isServerThere()) reload();
  };
  return <Problem {...words[cause]} onReload={() => void tryAgain()} />;
}

interface ProblemProps {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onReload: () => void;
}

function Problem({ title, text, action, onReload }: ProblemProps) {
  return (
    <div className="empty" role="alert">
      <h1>{title}</h1>
      <p>{text}</p>
      <button type="button" className="button button-main" onClick={onReload}>
        {action}
      </button>
    </div>
  );
}

function reload(): void {
  location.reload();
}

function isServerThere(signal?: AbortSignal): Promise<boolean> {
  return fetch("/api/whoami", { cache: "no-store", ...(signal && { signal }) }).then(
    () => true,
    () => false,
  );
}

const broken = {
  title: "This page broke",
  text: "Something in it went wrong, and nothing was lost: what you see elsewhere is what the server knows.",
  action: "Reload",
};

const words: Readonly<Record<Cause, Omit<ProblemProps, "onReload">>> = {
  unknown: { title: "This page is not here yet", text: "Looking at why.", action: "Try again" },
  offline: {
    title: "You are offline",
    text: "This page was not loaded before. It opens by itself when the network is back.",
    action: "Try again",
  },
  unreachable: {
    title: "The server does not answer",
    text: "This page was not loaded before. Try again in a moment.",
    action: "Try again",
  },
  "new-version": {
    title: "A new version is out",
    text: "This page belongs to a version that the server no longer has. Reload to go on with the new one.",
    action: "Reload",
  },
};
