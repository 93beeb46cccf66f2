import { retainMs, type Appointments } from "./appointments.js";

type Feed = ReturnType<Appointments["appointments"]["feed"]>;
type News = Feed extends AsyncIterable<readonly [string, infer Event, ...unknown[]]> ? Event : never;
type Told = Exclude<News, { readonly type: "stream.gap" }>;
type Set = Extract<News, { readonly type: "appointment.set" }>;

/** What is known of one name: what was set last, and what became of it. */
interface Known {
  readonly set: Set;
  rang: boolean;
  over: Date | null;
}

/** What a definition promises, held against the events of all its logs in the order in which they were committed. */
export class AppointmentAccount {
  readonly problems: string[] = [];
  readonly tokens = new Map<string, number>();
  readonly #known = new Map<string, Known>();

  add(news: News): void {
    if (news.type === "stream.gap") this.problems.push(`gap: ${news.reason}`);
    else this.#add(news, this.#known.get(news.name));
  }

  /** What its state is to be, as far as the feed tells. */
  of(name: string): Readonly<Known> | undefined {
    return this.#known.get(name);
  }

  get names(): string[] {
    return [...this.#known.keys()];
  }

  /** Those for which something is still to happen by itself. */
  get waiting(): string[] {
    return [...this.#known].flatMap(([name, { set, rang, over }]) =>
      !over && ((set.at && !rang) || set.until) ? [name] : [],
    );
  }

  #add(told: Told, known: Known | undefined): void {
    const { name } = told;
    const wrong = (what: string) =>
      this.problems.push(`${name}: ${told.type} ${what}: ${JSON.stringify({ told, known })}`);
    switch (told.type) {
      case "stream.removed":
        if (!known) wrong("without anything");
        this.#known.delete(name);
        return;
      case "appointment.set":
        this.tokens.set(told.token, (this.tokens.get(told.token) ?? 0) + 1);
        if (known?.over && told.timestamp.getTime() - known.over.getTime() < retainMs)
          wrong("while what has ended is to be kept");
        this.#known.set(name, { set: told, rang: false, over: null });
        return;
      case "appointment.rang":
      case "appointment.over":
        if (!known || known.over) return void wrong("after the end");
        if (told.token !== known.set.token) wrong("of what was set before");
        if (known.rang && told.type === "appointment.rang") wrong("twice");
        if (told.type === "appointment.rang" && known.set.ends) wrong("in place of an end");
        if (told.type === "appointment.rang") known.rang = true;
        else known.over = told.timestamp;
    }
  }
}
