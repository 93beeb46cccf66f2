/**
 * What Next.js does, in short: runs the server component, renders its HTML with the client components in it, and sends both
 * their code and what the server component has come to. An application has a framework for it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type BuildOptions } from "esbuild";
import { clientRegistry, referToClientModules, type ClientModules } from "./client-modules.js";

export interface Framework extends AsyncDisposable {
  /** The HTML of a page. */
  render(props: object): Promise<string>;
  /** What the browser runs, at `/client.js`. */
  readonly script: string;
}

export async function buildPage(page: URL): Promise<Framework> {
  const folder = await mkdtemp(join(tmpdir(), "jobwire-example-"));
  const resolveDir = dirname(fileURLToPath(page));
  const clientModules: ClientModules = new Map();
  const bundle = (contents: string, options: BuildOptions) =>
    build({
      stdin: { contents, resolveDir, loader: "tsx" },
      bundle: true,
      format: "esm",
      target: "es2022",
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"production"' },
      ...options,
    });
  const forNode = (name: string, conditions: readonly string[]): BuildOptions => ({
    platform: "node",
    conditions: [...conditions, "@jobwire/source"],
    outfile: join(folder, `${name}.mjs`),
    // React's packages are CommonJS.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });

  await bundle(serverEntry(fileURLToPath(page)), {
    ...forNode("server", ["react-server"]),
    plugins: [referToClientModules(clientModules)],
  });
  await bundle(`${clientRegistry(clientModules)}\n${htmlEntry}`, forNode("html", []));
  const browser = await bundle(`${clientRegistry(clientModules)}\n${browserEntry}`, {
    conditions: ["@jobwire/source"],
    write: false,
  });
  const load = async (name: string) =>
    (await import(pathToFileURL(join(folder, `${name}.mjs`)).href)) as unknown;
  const { renderPage } = (await load("server")) as { renderPage: (props: object) => Promise<string> };
  const { renderHtml } = (await load("html")) as { renderHtml: (rendered: string) => Promise<string> };
  return {
    script: browser.outputFiles?.[0]?.text ?? "",
    async render(props) {
      const rendered = await renderPage(props);
      const data = JSON.stringify(rendered).replaceAll("<", "\\u003c");
      const html = await renderHtml(rendered);
      return `<!doctype html><meta charset="utf-8"><div id="root">${html}</div><script>rendered = ${data}</script><script type="module" src="/client.js"></script>`;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Server components: React is another one there, without state and effects. */
const serverEntry = (page: string) => `
  import { renderToReadableStream } from "react-server-dom-parcel/server.node";
  import Page from ${JSON.stringify(page)};
  export async function renderPage(props) {
    let refused;
    const stream = renderToReadableStream(<Page {...props} />, { onError: (error) => { refused ??= error; } });
    const text = await new Response(stream).text();
    if (refused) throw refused;
    return text;
  }`;

/** Client components, rendered to HTML. */
const htmlEntry = `
  import { use } from "react";
  import { prerender } from "react-dom/static";
  import { createFromReadableStream } from "react-server-dom-parcel/client.node";
  export async function renderHtml(rendered) {
    const page = createFromReadableStream(new Blob([rendered]).stream());
    const Page = () => use(page);
    return new Response((await prerender(<Page />)).prelude).text();
  }`;

/** Client components, taken over. */
const browserEntry = `
  import { use } from "react";
  import { hydrateRoot } from "react-dom/client";
  import { createFromReadableStream } from "react-server-dom-parcel/client.browser";
  const page = createFromReadableStream(new Blob([rendered]).stream());
  const Page = () => use(page);
  hydrateRoot(document.getElementById("root"), <Page />, {
    onRecoverableError: (error) => console.error(error),
  });`;
