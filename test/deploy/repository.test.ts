import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

test("CI runs what must hold before a merge, on each Node that we name", async () => {
  const step = z.object({ run: z.string().optional() });
  const job = z.object({ container: z.string(), steps: z.array(step) });
  const matrix = z.object({ node: z.array(z.string()) });
  const { jobs } = z
    .object({ jobs: z.object({ all: job.extend({ strategy: z.object({ matrix }) }), packages: job }) })
    .parse(parse(await read(".github/workflows/ci.yml")));
  expect(jobs.all.steps.map(({ run }) => run)).toContain(".ci/run");
  expect(jobs.packages.steps.map(({ run }) => run)).toContain("npm run test:packages");
  const [, tested = ""] = /^\| Node \|.*\| (.*) in CI \|$/m.exec(await read("docs/versions.md")) ?? [];
  expect(jobs.all.strategy.matrix.node).toEqual(tested.match(/\d+/g));
});

test("the issue forms ask for something, and name what they ask for", async () => {
  const field = z.object({
    type: z.string(),
    id: z.string(),
    attributes: z.object({ label: z.string().min(3) }),
  });
  const form = z.object({ name: z.string(), description: z.string(), body: z.array(field).min(2) });
  const files = (await readdir(new URL("../../.github/ISSUE_TEMPLATE", import.meta.url))).toSorted();
  expect(files).toEqual(["bug.yml", "config.yml", "idea.yml"]);
  for (const file of files.filter((name) => name !== "config.yml")) {
    const { body } = form.parse(parse(await read(`.github/ISSUE_TEMPLATE/${file}`)));
    expect(new Set(body.map(({ id }) => id)).size, file).toBe(body.length);
  }
});

test("pages that link to files and headings of the repository link to what is there", async () => {
  const pages = [
    "README.md",
    "CONTRIBUTING.md",
    ".github/SECURITY.md",
    "docs/deployment.md",
    "docs/jobs.md",
    "docs/versions.md",
  ];
  let count = 0;
  for (const page of pages) {
    for (const [, link = ""] of (await read(page)).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      count++;
      const [path, heading] = new URL(link, `file:///${page}`).href.slice("file:///".length).split("#");
      const isFolder = !/\.\w+$|Dockerfile$|LICENSE$/.test(path ?? "");
      if (isFolder) {
        expect(await readdir(new URL(`../../${path}`, import.meta.url)), link).not.toEqual([]);
        continue;
      }
      const text = await readFile(new URL(`../../${path}`, import.meta.url), "utf8");
      if (heading !== undefined)
        expect(text.toLowerCase().replaceAll(" ", "-"), `${page}: ${link}`).toContain(`#-${heading}`);
    }
  }
  expect(count).toBeGreaterThan(40);
});
