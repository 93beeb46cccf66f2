import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../server/src/app-error.js";
import type { FaultProxy } from "../faults/support/fault-proxy.js";
import type { Random } from "../faults/support/random.js";
import type { Appointments } from "./appointments.js";

const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
const groups = ["red", "green", "blue"];

interface Call {
  readonly token: string;
  readonly isMade: boolean | "unknown";
}

/** Callers who set, end, remove and list at random, on processes that lose their store now and then. */
export class AppointmentRun {
  readonly calls: Call[] = [];
  readonly problems: string[] = [];
  #sets = 0;

  constructor(
    private readonly processes: readonly Appointments[],
    private readonly proxies: readonly FaultProxy[],
    private readonly random: Random,
  ) {}

  async perform(actions: number): Promise<void> {
    const [faults, callers] = [this.random.fork(), Array.from({ length: 8 }, () => this.random.fork())];
    let isOver = false;
    const failing = (async () => {
      while (!isOver) await this.#fail(faults);
    })();
    await Promise.all(
      callers.map(async (random) => {
        for (let action = 0; action < actions; action++) await this.#act(random);
      }),
    );
    isOver = true;
    await failing;
  }

  async #fail(random: Random): Promise<void> {
    const proxy = random.pick(this.proxies);
    const fault = random.integer(0, 3);
    if (fault === 0) proxy.mute();
    if (fault === 1) proxy.cut();
    if (fault === 2) proxy.loseAnswers(() => random.chance(0.1));
    if (fault === 3) proxy.slowDown({ delayMs: random.integer(1, 100) });
    await delay(random.integer(50, 1500));
    proxy.heal();
    await delay(random.integer(0, 500));
  }

  async #act(random: Random): Promise<void> {
    const [name, { appointments }] = [random.pick(names), random.pick(this.processes)];
    const action = random.next();
    await delay(random.integer(0, 40));
    try {
      if (action < 0.6) await this.#setAtRandom(random, name);
      else if (action < 0.7)
        await appointments.change({ name }, (state) =>
          state ? { type: "appointment.over", token: state.token } : [],
        );
      else if (action < 0.75) await appointments.remove({ name });
      else if (action < 0.9) await appointments.list({ index: random.pick(groups), limit: 5 });
      else await appointments.counts();
    } catch (error) {
      this.#check(error);
    }
  }

  #setAtRandom(random: Random, name: string): Promise<void> {
    const soon = (within: number) => new Date(Date.now() + random.integer(-100, within));
    return this.set(random.pick(this.processes), name, {
      at: random.chance(0.8) ? soon(700) : null,
      ends: random.chance(0.3),
      until: random.chance(0.2) ? soon(2000) : null,
    });
  }

  async set(
    { appointments }: Appointments,
    name: string,
    plan: { readonly at: Date | null; readonly ends: boolean; readonly until: Date | null },
  ): Promise<void> {
    const number = this.#sets++;
    const token = `${name}-${number}`;
    const set = {
      type: "appointment.set" as const,
      token,
      group: groups[number % groups.length] ?? "",
      ...plan,
    };
    try {
      if (number % 2) await appointments.publish({ name }, set, { idempotencyKey: token });
      else await appointments.change({ name }, () => set);
      this.calls.push({ token, isMade: true });
    } catch (error) {
      const { reason } = this.#check(error);
      this.calls.push({ token, isMade: reason === "STORE_UNAVAILABLE" ? "unknown" : false });
    }
  }

  /** What a caller may be refused with here. */
  #check(error: unknown): AppError {
    if (!(error instanceof AppError)) throw error;
    if (!["STORE_UNAVAILABLE", "TOPIC_ENDED", "TOPIC_BUSY"].includes(error.reason))
      this.problems.push(`${error.reason}: ${error.message}`);
    return error;
  }
}
