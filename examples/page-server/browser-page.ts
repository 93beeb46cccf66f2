import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Answer } from "./page-server.js";

/** A page that is one script. A bundler's development server does the same, and more. */
export async function browserPage(title: string, entry: URL): Promise<Answer> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    conditions: ["@jobwire/source"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const script = outputFiles[0]?.text;
  const html = `<!doctype html><meta charset="utf-8"><title>${title}</title><body></body><script type="module" src="/main.js"></script>`;
  return (request, response) => {
    const isScript = request.url === "/main.js";
    response.setHeader("content-type", `${isScript ? "text/javascript" : "text/html"}; charset=utf-8`);
    response.end(isScript ? script : html);
  };
}
