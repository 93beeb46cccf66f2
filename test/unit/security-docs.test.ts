import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

interface NamedTest {
  readonly file: string;
  readonly title: string;
}

/** The last cell of each line of a table: `file: title`. */
async function namedTests(): Promise<NamedTest[]> {
  const text = await readText("docs/security.md");
  return [...text.matchAll(/\| ([\w/.-]+\.ts): (.+?) +\|$/gm)].map(([, file = "", title = ""]) => ({
    file: file.includes("/") ? `test/${file}` : `test/integration/${file}`,
    title,
  }));
}

test("every line of the threat model names a test", async () => {
  const lines = (await readText("docs/security.md")).split("\n").filter((line) => line.startsWith("| "));
  const threats = lines.filter((line) => !line.startsWith("| threat"));
  expect(threats.length).toBeGreaterThan(20);
  expect(await namedTests()).toHaveLength(threats.length);
});

test("the tests that the threat model names are there", async () => {
  for (const { file, title } of await namedTests()) {
    const source = await readText(file).catch(() => "");
    expect(source, `${file} is to have the test: ${title}`).toContain(`"${title}"`);
  }
});

function readText(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}
