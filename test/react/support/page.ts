import "./document.js";
import { JobwireProvider } from "@jobwire/client/react";
import { createElement, StrictMode, type ComponentProps, type ReactNode } from "react";
import { hydrateRoot } from "react-dom/client";
import { onTestFinished } from "vitest";
import { watchErrorLog } from "./error-log.js";

type Provided = ComponentProps<typeof JobwireProvider>;

export function withClient(client: NonNullable<Provided["client"]>, ...children: ReactNode[]) {
  return createElement(JobwireProvider, { client }, ...children);
}

/** Server and browser are one process here. */
const oneProcess = "Detected multiple renderers concurrently rendering the same context provider.";

interface Container {
  readonly textContent: string;
  innerHTML: string;
}

/** A page that a server has rendered, taken over as a browser does it, in StrictMode, until the test has finished. */
export function hydrate(html: string, element: ReactNode) {
  const errors = watchErrorLog();
  const { document } = globalThis as unknown as { document: { createElement(tag: string): Container } };
  const container = document.createElement("div");
  container.innerHTML = html;
  const problems: string[] = [];
  const root = hydrateRoot(container, createElement(StrictMode, null, element), {
    onRecoverableError: (error) => void problems.push(String(error)),
  });
  onTestFinished(() => {
    root.unmount();
    errors[Symbol.dispose]();
  });
  return {
    text: () => container.textContent,
    /** What React complains of: that the browser renders something else than the server has. */
    problems: () => [...problems, ...errors.messages.filter((message) => !message.startsWith(oneProcess))],
  };
}
