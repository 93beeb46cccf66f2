import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

interface Pair {
  readonly client: Socket;
  upstream: Socket | undefined;
  /** A request went through whose answer is to be lost. */
  losesAnswer: boolean;
  /** Nothing passes any more, and nobody is told. */
  hasVanished: boolean;
}

const host = "127.0.0.1";

/** Stands in the way of TCP connections and fails as networks do. Healthy at first. */
export class FaultProxy implements AsyncDisposable {
  /** How many answers were lost on demand so far. */
  lostAnswers = 0;
  readonly #pairs = new Set<Pair>();
  #delayMs = 0;
  #bytesPerSecond = Infinity;
  readonly #requests = new Gate();
  readonly #answers = new Gate();
  #isFirstMuted: ((request: Buffer) => boolean) | undefined;
  #isLost: ((request: Buffer) => boolean) | undefined;

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {
    server.on("connection", (client) => void this.#connect(client));
  }

  static async start(target: number): Promise<FaultProxy> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    const proxy = new FaultProxy(server, target);
    server.listen(0, host);
    await once(server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** New connections go there from now on. */
  switchTo(port: number): void {
    this.target = port;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const pair of this.#pairs) this.#break(pair);
  }

  /** Holds everything back, in both directions; connections are accepted and never answered. */
  mute(): void {
    this.#requests.shut();
    this.#answers.shut();
  }

  /** As soon as this says yes to a request, that one is passed on, and all answers are held back. */
  muteAnswersFrom(isFirst: (request: Buffer) => boolean): void {
    this.#isFirstMuted = isFirst;
  }

  /** The peer of every connection that is there vanishes without a word; new ones work. */
  vanish(): void {
    for (const pair of this.#pairs) pair.hasVanished = true;
  }

  /** Each piece of data comes so much later, in order. */
  slowDown({ delayMs = 0, bytesPerSecond = Infinity }: { delayMs?: number; bytesPerSecond?: number }): void {
    this.#delayMs = delayMs;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Requests for which this says yes are passed on; what is answered is lost, and their connection with it. */
  loseAnswers(isLost: (request: Buffer) => boolean): void {
    this.#isLost = isLost;
  }

  /** Passes on what was held back, and everything from now on. */
  heal(): void {
    this.#requests.open();
    this.#answers.open();
    this.#isLost = undefined;
    this.#isFirstMuted = undefined;
    this.slowDown({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    const closed = once(this.server, "close");
    this.server.close();
    this.cut();
    await closed;
  }

  async #connect(client: Socket): Promise<void> {
    const pair: Pair = { client, upstream: undefined, losesAnswer: false, hasVanished: false };
    this.#pairs.add(pair);
    client.once("error", () => this.#break(pair)).once("close", () => this.#break(pair));
    await this.#requests.opened;
    if (client.destroyed) return;
    const upstream = connect({ port: this.target, host, noDelay: true });
    pair.upstream = upstream;
    upstream.once("error", () => this.#break(pair)).once("close", () => this.#break(pair));
    void this.#pass(pair, client, upstream, this.#requests, (bytes) => {
      if (this.#isLost?.(bytes)) pair.losesAnswer = true;
      if (this.#isFirstMuted?.(bytes)) this.#answers.shut();
      return true;
    });
    void this.#pass(pair, upstream, client, this.#answers, () => {
      if (!pair.losesAnswer) return true;
      this.lostAnswers += 1;
      this.#break(pair);
      return false;
    });
  }

  async #pass(
    pair: Pair,
    from: Socket,
    to: Socket,
    gate: Gate,
    admits: (bytes: Buffer) => boolean,
  ): Promise<void> {
    try {
      for await (const first of from as AsyncIterable<Buffer>) {
        await gate.opened;
        // What has piled up behind it goes on with it.
        const rest: unknown = from.read();
        const bytes = rest instanceof Buffer ? Buffer.concat([first, rest]) : first;
        const waitMs = this.#delayMs + (bytes.length / this.#bytesPerSecond) * 1000;
        if (waitMs > 0) await delay(waitMs);
        // Leaving the loop would close the connection.
        if (pair.hasVanished) await once(from, "close");
        if (!admits(bytes)) return;
        if (!to.write(bytes)) await Promise.race([once(to, "drain"), once(to, "close")]);
      }
      to.end();
    } catch {
      to.destroy();
    }
  }

  #break(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.destroy();
    pair.upstream?.destroy();
  }
}

/** Open at first. */
class Gate {
  opened: Promise<void> | undefined;
  #open = () => {};

  shut(): void {
    this.opened ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
    this.opened = undefined;
  }
}
