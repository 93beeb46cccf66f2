/** Records tell of at most so many keys each. */
const maxTold = 10_000;

/** Records of the store that cannot be read, damaged or written by something else, and are left out. Each is told of once. */
export class DamagedRecords {
  readonly #told = new Set<string>();

  constructor(private readonly onDamaged: (key: string, error: unknown) => void) {}

  /** Once for each. */
  tell(key: string, error?: unknown): void {
    if (this.#told.has(key) || this.#told.size >= maxTold) return;
    this.#told.add(key);
    this.onDamaged(key, error);
  }
}
