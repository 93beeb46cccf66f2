import type { Role } from "@jobwire/shared";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { signTestToken } from "../../support/test-server.js";

/** Somebody at a browser of their own, signed in by the cookie of a host application. */
export interface Visitor extends AsyncDisposable {
  readonly context: BrowserContext;
  open(path?: string): Promise<Page>;
  /** What browsers complain of: errors on the console, exceptions, what the content security policy refused. */
  readonly complaints: readonly string[];
}

export interface VisitorOptions extends BrowserContextOptions {
  readonly sub: string;
  readonly role?: Role;
  /** Without: not signed in. */
  readonly hasCookie?: boolean;
}

/** Generous, for a machine that does other things besides. */
const patienceMs = 45_000;

export async function invite(
  browser: Browser,
  url: string,
  { sub, role = "user", hasCookie = true, ...options }: VisitorOptions,
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(patienceMs);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
  if (hasCookie) {
    await context.addCookies([{ name: "jobwire_token", value: await signTestToken({ sub, role }), url }]);
  }
  const complaints: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  context.on("weberror", (error) => complaints.push(error.error().message));
  return {
    context,
    complaints,
    async open(path = "/") {
      const page = await context.newPage();
      await page.goto(`${url}${path}`);
      return page;
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/**
 * Browsers report on the console that a server is away, and each answer with an error, whatever the page makes of it:
 * the first is never a complaint, the second only when it was not `expected`.
 */
export function expectNoComplaints({ complaints }: Visitor, expected?: RegExp): void {
  const real = complaints.filter((text) => !text.startsWith("Failed to load resource: net::ERR_"));
  expect(real.filter((text) => !expected?.test(text))).toEqual([]);
}

/** The events of a job as its page has them, from the button that copies them. */
export async function copyEvents(page: Page): Promise<readonly CopiedEvent[]> {
  await page.getByRole("tab", { name: "Events" }).click();
  await page.getByRole("button", { name: "Copy JSON of the events shown" }).click();
  await page.getByRole("button", { name: "Copy JSON of the events shown" }).getByText("Copied").waitFor();
  return JSON.parse(await page.evaluate(readClipboard)) as CopiedEvent[];
}

export interface CopiedEvent {
  readonly id: string;
  readonly type: string;
  readonly stage?: string;
}

/** Nothing missing and nothing twice: ids count from 1. */
export function expectWhole(events: readonly CopiedEvent[]): void {
  expect(events.map(({ id }) => Number(id.split(":")[1]))).toEqual(events.map((_, index) => index + 1));
}

// What follows runs in the page.

function readClipboard(): Promise<string> {
  return (
    globalThis as unknown as { navigator: { clipboard: { readText(): Promise<string> } } }
  ).navigator.clipboard.readText();
}

/** The page asks for nothing more of itself: what it loads ahead has come, the readers of documents last of all. */
export async function untilAllIsLoaded(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    performance.getEntriesByType("resource").some(({ name }) => name.includes("/assets/documentation-")),
  );
}
