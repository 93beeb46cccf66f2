import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { linkInside, slugOf } from "./markdown.js";
import { sidebar } from "./sidebar.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The site is made of the pages that stand in the repository, each where it stands. */
export default defineConfig({
  title: "Jobwire",
  description: "Typed, resumable event streams for TypeScript",
  srcDir: "..",
  srcExclude: [
    "{client,server,shared,examples,test,.changeset,.github}/**",
    "CHANGELOG.md",
    "docs/reference/README.md",
  ],
  rewrites: { "README.md": "index.md" },
  cleanUrls: true,
  lastUpdated: false,
  markdown: {
    anchor: { slugify: slugOf },
    config: (markdown) => {
      markdown.core.ruler.push("link-inside", linkInside);
    },
  },
  // The index of the search is large, and loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: { provider: "local" },
    sidebar,
    outline: { level: [2, 3] },
  },
  /** What pages link to beside pages. */
  async buildEnd({ outDir }) {
    for (const path of ["docs/schema", "docs/grafana-dashboard.json", "llms.txt"])
      await cp(join(root, path), join(outDir, path), { recursive: true });
  },
});
