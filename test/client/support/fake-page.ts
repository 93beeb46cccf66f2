import { onTestFinished, vi } from "vitest";

/** What of a browser's page the client uses, in the hands of a test. It counts who listens. */
export class FakePage {
  #isHidden = false;
  #isOnline = true;
  readonly #window = new CountedEvents();
  readonly #document = Object.defineProperty(new CountedEvents(), "hidden", {
    get: () => this.#isHidden,
  });

  /** Puts the page into the globals until the test is over. */
  static open(): FakePage {
    const page = new FakePage();
    const window = page.#window;
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
    vi.stubGlobal("document", page.#document);
    vi.stubGlobal("navigator", Object.defineProperty({}, "onLine", { get: () => page.#isOnline }));
    onTestFinished(() => void vi.unstubAllGlobals());
    return page;
  }

  /** Listeners of the page that were not taken away again. */
  get listeners(): number {
    return this.#window.listeners + this.#document.listeners;
  }

  show(isSeen: boolean): void {
    this.#isHidden = !isSeen;
    this.#document.dispatchEvent(new Event("visibilitychange"));
  }

  network(isOnline: boolean): void {
    this.#isOnline = isOnline;
    this.#window.dispatchEvent(new Event(isOnline ? "online" : "offline"));
  }

  /** An event of the window. */
  say(type: string): void {
    this.#window.dispatchEvent(new Event(type));
  }

  /** An event of the document. */
  sayToDocument(type: string): void {
    this.#document.dispatchEvent(new Event(type));
  }
}

class CountedEvents extends EventTarget {
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }
}
