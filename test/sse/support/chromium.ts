import { spawnSync } from "node:child_process";
import { chromium, type Browser, type Page } from "playwright-core";

/** Where Chromium is on the PATH, best without its windows: that takes a third of the time. `undefined` where there is none. */
export function findChromium(): string | undefined {
  const search = "command -v chromium-headless-shell || command -v chromium";
  const { status, stdout } = spawnSync("sh", ["-c", search], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--headless",
      "--disable-gpu",
      "--disable-background-networking",
      "--ignore-certificate-errors",
    ],
  });
}

let shared: Promise<Browser> | undefined;

/** One for all test files of this process, which ends with it: a start costs seconds. Close the contexts. */
export function sharedChromium(executablePath: string): Promise<Browser> {
  return (shared ??= launchChromium(executablePath));
}

/** One native `EventSource` in a page, and what it has seen. */
export interface BrowserStream {
  /** Everything so far, oldest first. */
  seen(): Promise<readonly Sighting[]>;
  /** Resolves when so many events of this name were seen. */
  until(name: string, count?: number): Promise<readonly Sighting[]>;
  close(): Promise<void>;
}

export interface Sighting {
  /** `open`, `error`, `message` or the name of the event. */
  readonly name: string;
  readonly data?: string;
  readonly id?: string;
  /** 0 connecting, 1 open, 2 closed. */
  readonly readyState: number;
}

let streams = 0;

/** Opens an `EventSource` in the page; events of these names are noted beside `message`. */
export async function openInBrowser(
  page: Page,
  url: string,
  names: readonly string[],
): Promise<BrowserStream> {
  const key = `stream${++streams}`;
  await page.evaluate(openEventSource, { url, names, key });
  const seen = () => page.evaluate(readSightings, key);
  return {
    seen,
    async until(name, count = 1) {
      await page.waitForFunction(hasSeen, { key, name, count }, { timeout: 20_000 });
      return await seen();
    },
    close: () => page.evaluate(closeEventSource, key),
  };
}

// What follows runs in the page.

interface PageStream {
  readonly source: { close(): void; readonly readyState: number };
  readonly sightings: Sighting[];
}

interface PageGlobals {
  readonly EventSource: new (url: string) => PageStream["source"] & {
    addEventListener(name: string, listener: (event: { data?: string; lastEventId?: string }) => void): void;
  };
  [key: `stream${string}`]: PageStream;
}

function openEventSource({ url, names, key }: { url: string; names: readonly string[]; key: string }): void {
  const page = globalThis as unknown as PageGlobals;
  const source = new page.EventSource(url);
  const sightings: Sighting[] = [];
  for (const name of ["open", "error", "message", ...names]) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      const { readyState } = source;
      const id = lastEventId === undefined || lastEventId === "" ? {} : { id: lastEventId };
      sightings.push({ name, readyState, ...(typeof data === "string" && { data }), ...id });
    });
  }
  page[key as `stream${string}`] = { source, sightings };
}

function readSightings(key: string): Sighting[] {
  return (globalThis as unknown as PageGlobals)[key as `stream${string}`]?.sightings ?? [];
}

function hasSeen({ key, name, count }: { key: string; name: string; count: number }): boolean {
  const { sightings } = (globalThis as unknown as PageGlobals)[key as `stream${string}`] ?? { sightings: [] };
  return sightings.filter((sighting) => sighting.name === name).length >= count;
}

function closeEventSource(key: string): void {
  (globalThis as unknown as PageGlobals)[key as `stream${string}`]?.source.close();
}
