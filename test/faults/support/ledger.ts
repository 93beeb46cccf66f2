/** A publish or a transition, known by the text that marks its event. */
export interface Entry {
  readonly mark: string;
  readonly jobId: string;
  /** Said in the job's output, not in its log. */
  readonly isOutput: boolean;
  readonly begunAt: number;
  /** When it was acknowledged, in milliseconds of `performance.now()`. */
  acknowledgedAt: number | null;
  /** The id the answer gave; `""` when the call gives none. */
  id: string | null;
  /** The job was not there any more when the last attempt was answered. */
  isRefused: boolean;
}

/** What the publishers know: every call they began, and how it ended. */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  /** Attempts whose outcome was in doubt. */
  retried = 0;

  begin({ mark, jobId, isOutput = false }: Pick<Entry, "mark" | "jobId"> & Partial<Entry>): void {
    const begunAt = performance.now();
    this.entries.set(mark, {
      mark,
      jobId,
      isOutput,
      begunAt,
      acknowledgedAt: null,
      id: null,
      isRefused: false,
    });
  }

  settle(mark: string, id: string | null): void {
    const entry = this.entries.get(mark);
    if (!entry) throw new Error(`${mark} was never begun.`);
    entry.id = id;
    entry.isRefused = id === null;
    if (id !== null) entry.acknowledgedAt = performance.now();
  }

  get acknowledged(): Entry[] {
    return [...this.entries.values()].filter(({ acknowledgedAt }) => acknowledgedAt !== null);
  }
}
