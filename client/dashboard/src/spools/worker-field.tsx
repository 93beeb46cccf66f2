import type { Spool } from "@jobwire/shared";

export interface WorkerFieldProps {
  readonly worker: string;
  /** Whose workers are suggested. */
  readonly spools: readonly Spool[];
  readonly onChange: (worker: string) => void;
}

export function WorkerField({ worker, spools, onChange }: WorkerFieldProps) {
  const known = new Set(spools.flatMap(({ workerNombre }) => workerNombre ?? []));
  return (
    <label className="worker-field">
      <span className="small">You act as</span>
      <input
        className="input"
        name="worker"
        value={worker}
        maxLength={128}
        list="workers"
        onChange={({ target }) => onChange(target.value)}
        placeholder="A worker's name"
      />
      <datalist id="workers">
        {[...known].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}
