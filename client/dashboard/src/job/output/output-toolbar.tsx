import type { KeyboardEvent } from "react";
import { DownloadButton } from "../../session/download-button.js";

export interface OutputToolbarProps {
  readonly jobId: string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly matchCount: number;
  readonly matchAt: number;
  readonly onStep: (by: number) => void;
  readonly isFollowing: boolean;
  readonly canFollow: boolean;
  readonly onFollow: () => void;
}

export function OutputToolbar(props: OutputToolbarProps) {
  const { jobId, query, onQuery, matchCount, matchAt, onStep, isFollowing, canFollow, onFollow } = props;
  const pressKey = (event: KeyboardEvent) => {
    if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") onQuery("");
  };
  return (
    <div className="panel-bar">
      <input
        className="input"
        type="search"
        aria-label="Search the output"
        placeholder="Search"
        value={query}
        onChange={({ target }) => onQuery(target.value)}
        onKeyDown={pressKey}
      />
      <span role="status" className="small number soft output-matches">
        {query !== "" && (matchCount === 0 ? "nothing matches" : `${matchAt + 1} of ${matchCount}`)}
      </span>
      <span className="panel-bar-group">
        <button
          type="button"
          className="button button-small"
          aria-label="Match before"
          disabled={matchCount === 0}
          onClick={() => onStep(-1)}
        >
          ↑
        </button>
        <button
          type="button"
          className="button button-small"
          aria-label="Next match"
          disabled={matchCount === 0}
          onClick={() => onStep(1)}
        >
          ↓
        </button>
      </span>
      <button
        type="button"
        className="button button-small"
        aria-pressed={isFollowing}
        disabled={!canFollow}
        onClick={onFollow}
      >
        Follow
      </button>
      <DownloadButton url={`/api/jobs/${encodeURIComponent(jobId)}/output.txt`} name={`job-${jobId}.txt`} />
    </div>
  );
}
