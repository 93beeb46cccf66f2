import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

/** What `vite` leaves to a running server during development. */
const proxied = ["/trpc", "/api", "/metrics", "/readyz"];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  // The sources of the workspace's packages, not their builds.
  resolve: { conditions: ["@jobwire/source", ...defaultClientConditions] },
  build: {
    outDir: "dist/site",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy takes no data: URLs but for pictures of jobs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What the licences of the libraries in it ask for.
    license: { fileName: "licenses.md" },
  },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, "http://127.0.0.1:3000"])) },
});

/** Puts a brotli and a gzip file beside every text asset: the server sends the one that the browser takes. */
function compressed(): Plugin {
  return {
    name: "jobwire:compressed",
    apply: "build",
    async writeBundle({ dir = "" }) {
      const folder = join(dir, "assets");
      const texts = (await readdir(folder)).filter((name) => /\.(js|css|svg)$/.test(name));
      await Promise.all(
        texts.map(async (name) => {
          const content = await readFile(join(folder, name));
          await writeFile(join(folder, `${name}.br`), brotliCompressSync(content));
          await writeFile(join(folder, `${name}.gz`), gzipSync(content));
        }),
      );
    },
  };
}
