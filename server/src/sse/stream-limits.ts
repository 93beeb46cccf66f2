/** How many streams there may be; one that is refused has cost nothing but its request. */
export class StreamLimits {
  readonly #byUser = new Map<string, number>();
  #total = 0;

  constructor(
    private readonly maxConnections: number,
    private readonly maxConnectionsPerUser: number,
  ) {}

  get total(): number {
    return this.#total;
  }

  /** Whether another stream of this user is over a limit, and which. */
  refusal(userId: string | undefined): string | undefined {
    if (this.#total >= this.maxConnections)
      return `This server has its ${this.maxConnections} streams; try again later.`;
    if (userId !== undefined && (this.#byUser.get(userId) ?? 0) >= this.maxConnectionsPerUser) {
      return `You have your ${this.maxConnectionsPerUser} streams open; close one first.`;
    }
    return undefined;
  }

  enter(userId: string | undefined): void {
    this.#total += 1;
    if (userId !== undefined) this.#byUser.set(userId, (this.#byUser.get(userId) ?? 0) + 1);
  }

  leave(userId: string | undefined): void {
    this.#total -= 1;
    if (userId === undefined) return;
    const left = (this.#byUser.get(userId) ?? 1) - 1;
    if (left > 0) this.#byUser.set(userId, left);
    else this.#byUser.delete(userId);
  }
}
