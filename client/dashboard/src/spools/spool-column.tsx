import type { Spool } from "@jobwire/shared";
import { SpoolCard } from "./spool-card.js";
import type { SpoolActions } from "./use-spool-actions.js";
import { stateOf, type SpoolState } from "./spool-state.js";

export interface SpoolColumnProps {
  readonly state: SpoolState;
  /** Of the whole board. */
  readonly spools: readonly Spool[];
  readonly worker: string;
  readonly actions: SpoolActions;
}

const titles: Readonly<Record<SpoolState, string>> = {
  available: "Available",
  taken: "In work",
  completed: "Completed, not released",
};

const none: Readonly<Record<SpoolState, string>> = {
  available: "All are taken.",
  taken: "Nobody works on one.",
  completed: "None waits to be released.",
};

export function SpoolColumn({ state, spools, worker, actions }: SpoolColumnProps) {
  const shown = spools
    .filter((spool) => stateOf(spool) === state)
    .toSorted((one, other) => one.tagSpool.localeCompare(other.tagSpool, undefined, { numeric: true }));
  return (
    <section className="board-column" data-state={state} aria-labelledby={`column-${state}`}>
      <h2 id={`column-${state}`}>
        {titles[state]} <span className="number soft">{shown.length}</span>
      </h2>
      {shown.length === 0 && <p className="soft small">{none[state]}</p>}
      <ul>
        {shown.map((spool) => (
          <li key={spool.tagSpool}>
            <SpoolCard spool={spool} worker={worker} actions={actions} />
          </li>
        ))}
      </ul>
    </section>
  );
}
