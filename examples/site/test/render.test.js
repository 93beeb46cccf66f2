import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { renderPage } from "../src/render.js";

const harbour = { name: "Test Haven", berths: 3, depthMetres: 2, note: "Calm." };

test("the page counts harbours and berths", () => {
  const page = renderPage("{{summary}}", [harbour, { ...harbour, name: "Other", berths: 4 }]);
  assert.match(page, /^2 harbours with 7 berths/);
});

test("harbours are listed by name", () => {
  const page = renderPage("{{cards}}", [harbour, { ...harbour, name: "Anchor Bay" }]);
  assert.ok(page.indexOf("Anchor Bay") < page.indexOf("Test Haven"));
});

test("what a note says is text, not markup", () => {
  const page = renderPage("{{cards}}", [{ ...harbour, note: "<script>alert(1)</script>" }]);
  assert.ok(!page.includes("<script>"));
});

test("the built page has a language, a title and one main heading", async () => {
  const page = await readFile(new URL("../dist/index.html", import.meta.url), "utf8");
  assert.match(page, /<html lang="en">/);
  assert.match(page, /<title>Harbour notes<\/title>/);
  assert.equal(page.match(/<h1>/g)?.length, 1);
  assert.ok(!page.includes("{{"), "every placeholder is filled");
});
