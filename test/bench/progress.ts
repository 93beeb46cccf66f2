import { Presets, SingleBar } from "cli-progress";

/** How far a scenario is: one line that moves in a terminal, a line for each step elsewhere. */
export interface Progress {
  start(scenario: string, steps: number): void;
  /** What is done now. */
  begin(what: string): void;
  /** What came of it. */
  finish(result: string): void;
  stop(): void;
}

export function createProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new BarProgress(stream) : new LineProgress();
}

class BarProgress implements Progress {
  readonly #bar: SingleBar;

  constructor(stream: NodeJS.WriteStream) {
    const format = "{scenario} [{bar}] {value}/{total} {what}";
    this.#bar = new SingleBar({ format, stream, clearOnComplete: true, barsize: 24 }, Presets.shades_classic);
  }

  start(scenario: string, steps: number): void {
    this.#bar.start(steps, 0, { scenario, what: "" });
  }

  begin(what: string): void {
    this.#bar.update({ what });
  }

  finish(): void {
    this.#bar.increment();
  }

  stop(): void {
    this.#bar.stop();
  }
}

class LineProgress implements Progress {
  #scenario = "";
  #steps = 0;
  #step = 0;
  #what = "";
  #beganAt = 0;

  start(scenario: string, steps: number): void {
    this.#scenario = scenario;
    this.#steps = steps;
    this.#step = 0;
  }

  begin(what: string): void {
    this.#step += 1;
    this.#what = what;
    this.#beganAt = performance.now();
  }

  finish(result: string): void {
    const seconds = ((performance.now() - this.#beganAt) / 1000).toFixed(1);
    console.log(`${this.#scenario} ${this.#step}/${this.#steps} ${this.#what}: ${result} (${seconds} s)`);
  }

  stop(): void {}
}
