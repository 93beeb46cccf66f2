import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { entries } from "../../docs/.vitepress/entries.js";
import { slugOf } from "../../docs/.vitepress/markdown.js";
import { sidebar } from "../../docs/.vitepress/sidebar.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = ["shared", "server", "client"];

async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder));
  return names.filter((name) => name.endsWith(".md")).map((name) => normalize(join(folder, name)));
}

const sitePages = [
  "README.md",
  "PROTOCOL.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...(await pagesIn("docs")),
  ...(await pagesIn("docs/recipes")),
];
const texts = [
  ...sitePages,
  ...(await pagesIn("docs/adr")),
  ...packages.flatMap((name) => [`${name}/README.md`, `${name}/AGENTS.md`, `${name}/llms.txt`]),
  "llms.txt",
];

/** Without what stands in code. */
async function proseOf(page: string): Promise<string> {
  const text = await readFile(join(root, page), "utf8");
  return text
    .replaceAll(/^```[^]*?^```/gm, "")
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ""));
}

async function anchorsOf(page: string): Promise<Set<string>> {
  const prose = await proseOf(page);
  const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    heading.replaceAll("`", "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"),
  );
  return new Set(headings.map(slugOf));
}

describe("a link", () => {
  test.each(texts)("of %s leads to a file that is there, and to a heading of it", async (page) => {
    const links = [...(await proseOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const inside = links.filter((link) => !/^[a-z]+:/.test(link));
    for (const link of inside) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      await expect(access(join(root, target)), `${page} links to ${link}`).resolves.toBeUndefined();
      if (anchor !== undefined)
        expect([...(await anchorsOf(target))], `${page} links to ${link}`).toContain(anchor);
    }
  });

  test("that leads nowhere is found", async () => {
    await expect(access(join(root, "docs/nowhere.md"))).rejects.toThrow("ENOENT");
    expect([...(await anchorsOf("PROTOCOL.md"))]).not.toContain("nowhere");
    expect([...(await anchorsOf("PROTOCOL.md"))]).toContain("own-topics");
  });
});

describe("the site", () => {
  test("has every page in its sidebar, and no other", () => {
    const links = sidebar.flatMap(({ items }) => items.map(({ link }) => link));
    const pages = sitePages.map((page) => (page === "README.md" ? "/" : `/${page.replace(/\.md$/, "")}`));
    const expected = [...pages, ...entries.map(({ link }) => link)];
    expect(links.toSorted()).toEqual(expected.toSorted());
  });

  test("has each module that can be imported on the reference's page, and no other", async () => {
    const text = await readFile(join(root, "docs/reference.md"), "utf8");
    const rows = [...text.matchAll(/\[`(.+)`\]\(\.\.\/(.+)\)/g)].map(([, name, source]) => ({
      name,
      source,
    }));
    expect(rows).toEqual(entries.map(({ name, source }) => ({ name, source })));
  });

  test("names every page of docs in llms.txt", async () => {
    const text = await readFile(join(root, "llms.txt"), "utf8");
    for (const page of sitePages.filter((name) => name.startsWith("docs/")))
      expect(text).toContain(`(${page})`);
  });
});

test.each(packages)("the package %s ships its guides", async (name) => {
  const text = await readFile(join(root, name, "package.json"), "utf8");
  expect((JSON.parse(text) as { files: string[] }).files).toEqual(
    expect.arrayContaining(["AGENTS.md", "llms.txt"]),
  );
});
