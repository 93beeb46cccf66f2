import type { Spool } from "@jobwire/shared";
import { Clock } from "../time/clock.js";
import { formatDayAndTime } from "./day-and-time.js";
import { actionsFor } from "./spool-action.js";
import { RefusalNotice } from "./refusal-notice.js";
import type { SpoolActions } from "./use-spool-actions.js";

export interface SpoolCardProps {
  readonly spool: Spool;
  /** For whom the buttons act. */
  readonly worker: string;
  readonly actions: SpoolActions;
}

export function SpoolCard({ spool, worker, actions }: SpoolCardProps) {
  const { tagSpool, workerNombre, estadoDetalle, completed, updatedAt } = spool;
  const refusal = actions.refusals.get(tagSpool);
  return (
    <article className="card spool" aria-label={`Spool ${tagSpool}`}>
      <div className="spool-head">
        <h3 dir="auto">{tagSpool}</h3>
        <Clock time={updatedAt} className="soft small number">
          {formatDayAndTime(updatedAt)}
        </Clock>
      </div>
      <p className="small">
        {workerNombre === null ? (
          <span className="soft">Nobody has it</span>
        ) : (
          <>
            With <strong dir="auto">{workerNombre}</strong>
            {workerNombre === worker && <span className="soft">, that is you</span>}
            {completed && <span className="soft">, who has completed it</span>}
          </>
        )}
        {estadoDetalle !== null && (
          <span className="soft">
            {" "}
            · <bdi>{estadoDetalle}</bdi>
          </span>
        )}
      </p>
      <div className="spool-actions">
        {actionsFor(spool, worker).map(({ action, label }) => (
          <button
            key={action}
            type="button"
            className="button button-small"
            disabled={actions.busy.has(tagSpool) || worker === ""}
            aria-label={`${label} ${tagSpool}`}
            onClick={() => void actions.act(tagSpool, action)}
          >
            {label}
          </button>
        ))}
      </div>
      {refusal !== undefined && (
        <RefusalNotice onRead={() => actions.forgetRefusal(tagSpool)}>{refusal}</RefusalNotice>
      )}
    </article>
  );
}
