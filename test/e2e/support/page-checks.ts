import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Without a violation of axe's rules, and without a scroll bar across. */
export async function expectGoodPage(page: Page, what: string): Promise<void> {
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate(runAxe);
  expect(
    violations.map(({ id, nodes }) => `${what}: ${id} ${nodes.map(({ html }) => html).join(" ")}`),
  ).toEqual([]);
  await expectNoOverflow(page, what);
}

export async function expectNoOverflow(page: Page, what: string): Promise<void> {
  expect(await page.evaluate(overflowOfPage), what).toBeLessThanOrEqual(0);
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// What follows runs in the page.

function runAxe(): Promise<AxeResults> {
  return (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run();
}

function overflowOfPage(): number {
  const { scrollWidth, clientWidth } = (
    globalThis as unknown as { document: { documentElement: { scrollWidth: number; clientWidth: number } } }
  ).document.documentElement;
  return scrollWidth - clientWidth;
}
