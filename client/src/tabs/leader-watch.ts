export interface LeaderWatchOptions {
  readonly ask: () => void;
  /** The leader does not answer, so many times in a row. */
  readonly onSilence: (times: number) => void;
}

/** After so long a silence the leader is asked; plus a part by chance: one tab asks, and all hear the answer. */
const silenceMs = 1000;
const silenceSpreadMs = 500;
/** A leader that is there answers at once, also from a hidden tab: what is slowed down there are timers. */
const answerMs = 1500;
/** This tab may have been asleep itself: what has come meanwhile is heard before anything is decided. */
const graceMs = 250;
/** Between questions when there seems to be nobody. */
const patienceMs = 20_000;

/**
 * Notices within five seconds that the leader has fallen silent. Only those who follow have timers, so it does not matter
 * how slow those of the leader's tab are; how slow they are in the tab of a follower only matters to that.
 */
export class LeaderWatch {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Somebody has asked, and the leader has not spoken since. */
  #isAsked = false;
  #silences = 0;

  constructor(private readonly options: LeaderWatchOptions) {}

  /** The leader has spoken. */
  heard(): void {
    this.#silences = 0;
    this.#isAsked = false;
    this.#wait(silenceMs + Math.random() * silenceSpreadMs, () => this.ask());
  }

  /**
   * Another tab has asked. It may decide what follows; this one asks by itself if nothing does, as the answer may have
   * come before the question.
   */
  heardQuestion(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#wait(answerMs, () => this.ask());
  }

  ask(): void {
    this.#isAsked = true;
    this.options.ask();
    this.#wait(answerMs, () => this.#wait(graceMs, () => this.#onSilence()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isAsked = false;
  }

  #onSilence(): void {
    this.#isAsked = false;
    this.#silences += 1;
    if (this.#silences === 1) this.ask();
    else this.#wait(patienceMs, () => this.ask());
    // Last: whoever leads from now on stops watching.
    this.options.onSilence(this.#silences);
  }

  #wait(durationMs: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, durationMs);
  }
}
