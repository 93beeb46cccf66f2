/** Wakes up whoever waits for a condition each time something has happened; gives up when nothing does. */
export class Progress {
  #wake = () => {};
  readonly onProgress = () => this.#wake();

  constructor(private readonly patienceMs = 20_000) {}

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`Nothing for ${this.patienceMs} ms`)),
          this.patienceMs,
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
