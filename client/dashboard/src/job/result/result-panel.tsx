import { Suspense } from "react";
import type { JobView } from "@jobwire/client";
import { CopyButton } from "../../shell/copy-button.js";
import { lazyPage } from "../../shell/lazy-page.js";
import { AsWritten } from "./as-written.js";
import { SnapshotPicture } from "./snapshot-picture.js";

/** What makes pages of Markdown is a third of all script: it comes when there is some. */
const Documentation = lazyPage(async () => (await import("./documentation.js")).Documentation);

export interface ResultPanelProps {
  readonly view: JobView;
  readonly isOver: boolean;
  /** An earlier moment is shown. */
  readonly isReplay: boolean;
}

export function ResultPanel({ view, isOver, isReplay }: ResultPanelProps) {
  const { status, message, picture, documentation } = view;
  const isEmpty = status !== "failed" && !picture && documentation.length === 0;
  return (
    <div className="result">
      {status === "failed" && (
        <section className="failure" aria-labelledby="failure">
          <div className="card-head">
            <h2 id="failure">Why it failed</h2>
            <CopyButton text={message} label="Copy why it failed" />
          </div>
          <pre tabIndex={0} dir="auto">
            {message}
          </pre>
        </section>
      )}
      {picture && <SnapshotPicture picture={picture} />}
      <Suspense fallback={<span className="skeleton skeleton-block" />}>
        {documentation.map((section) => (
          <AsWritten key={section.section} section={section}>
            <Documentation section={section} />
          </AsWritten>
        ))}
      </Suspense>
      {isEmpty && (
        <p className="soft small">
          {isReplay && "Nothing had been published by then."}
          {!isReplay && isOver && "It has published no picture and no documentation."}
          {!isReplay && !isOver && "The picture and the documentation that a build publishes come here."}
        </p>
      )}
    </div>
  );
}
