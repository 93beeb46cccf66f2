import type { Worker } from "node:cluster";
import { AggregatorRegistry } from "prom-client";

interface Question {
  readonly unanswered: Set<Worker>;
  readonly settle: () => void;
}

/** How long a member may take to say what it has counted. */
const patienceMs = 5000;

/**
 * What all members have counted, those too that have ended: a counter that falls when one of them ends looks like one that
 * began anew, and what the others have counted before like new.
 */
export class MemberMetrics {
  readonly #newest = new Map<Worker, readonly object[]>();
  readonly #questions = new Map<number, Question>();
  /** The sums of those that have ended. */
  #ofEnded: readonly object[] = [];
  #asked = 0;

  /**
   * In Prometheus' text format.
   * @param ask Makes a member answer with this number.
   * @returns `null` when one of them neither answers nor ends within five seconds.
   */
  async text(
    members: readonly Worker[],
    ask: (member: Worker, request: number) => void,
  ): Promise<string | null> {
    const request = ++this.#asked;
    const haveAnswered = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), patienceMs);
      const settle = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#questions.set(request, { unanswered: new Set(members), settle });
      for (const member of members) ask(member, request);
    });
    this.#questions.delete(request);
    if (!haveAnswered) return null;
    return AggregatorRegistry.aggregate([...this.#newest.values(), [...this.#ofEnded]]).metrics();
  }

  /** What a member has counted until now. */
  hear(member: Worker, request: number, metrics: readonly object[]): void {
    this.#newest.set(member, metrics);
    const question = this.#questions.get(request);
    if (question) answer(question, member);
  }

  /** What it had counted when it was last asked counts on, but for what was true at that moment only. */
  onExit(member: Worker): void {
    const counted = (this.#newest.get(member) ?? []).filter(isCounted);
    this.#newest.delete(member);
    if (counted.length > 0)
      this.#ofEnded = AggregatorRegistry.aggregate([[...this.#ofEnded], counted]).getMetricsAsArray();
    for (const question of this.#questions.values()) answer(question, member);
  }
}

function answer({ unanswered, settle }: Question, member: Worker): void {
  unanswered.delete(member);
  if (unanswered.size === 0) settle();
}

function isCounted(metric: object): boolean {
  return "type" in metric && (metric.type === "counter" || metric.type === "histogram");
}
