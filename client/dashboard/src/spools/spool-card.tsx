import type { Spool } from "@jobwire/shared";
import { formatClock } from "../time/format-time.js";
import { actionsFor } from "./spool-action.js";
import { useSpoolAction } from "./use-spool-action.js";

export interface SpoolCardProps {
  readonly spool: Spool;
  /** For whom the buttons act. */
  readonly worker: string;
}

export function SpoolCard({ spool, worker }: SpoolCardProps) {
  const { tagSpool, workerNombre, estadoDetalle, updatedAt } = spool;
  const { act, isBusy, refusal } = useSpoolAction(spool, worker);
  return (
    <article className="card spool" aria-label={`Spool ${tagSpool}`}>
      <div className="spool-head">
        <h3>{tagSpool}</h3>
        <time className="soft small number" dateTime={updatedAt.toISOString()}>
          {formatClock(updatedAt)}
        </time>
      </div>
      <p className="small">
        {workerNombre === null ? (
          <span className="soft">Nobody has it</span>
        ) : (
          <>
            With <strong>{workerNombre}</strong>
          </>
        )}
        {estadoDetalle !== null && <span className="soft"> · {estadoDetalle}</span>}
      </p>
      <div className="spool-actions">
        {actionsFor(spool, worker).map(({ action, label }) => (
          <button
            key={action}
            type="button"
            className="button button-small"
            disabled={isBusy || worker === ""}
            aria-label={`${label} ${tagSpool}`}
            onClick={() => void act(action)}
          >
            {label}
          </button>
        ))}
      </div>
      <p role="alert" className={refusal === null ? "unseen" : "notice"}>
        {refusal}
      </p>
    </article>
  );
}
