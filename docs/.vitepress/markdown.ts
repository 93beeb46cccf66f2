import { dirname, join } from "node:path/posix";
import { entries } from "./entries.js";

/** As far as markdown-it's state is needed here. */
interface MarkdownState {
  readonly tokens: readonly MarkdownToken[];
  readonly env: { readonly relativePath: string };
}

interface MarkdownToken {
  readonly type: string;
  tag: string;
  attrs: [string, string][] | null;
  readonly children: readonly MarkdownToken[] | null;
}

/**
 * What the repository has and the site has not, folders and what is in the packages: its name stays as text. A module that
 * can be imported has its page of the reference instead.
 */
export function linkInside({ tokens, env }: MarkdownState): void {
  for (const { children } of tokens) {
    let isUnlinked = false;
    for (const token of children ?? []) {
      if (token.type === "link_open") {
        const path = pathOf(token, env.relativePath);
        const entry = entries.find(({ source }) => source === path);
        isUnlinked = !entry && path !== null && isElsewhere(path);
        if (entry) token.attrs = [["href", entry.link]];
        if (isUnlinked) token.attrs = null;
      }
      if (isUnlinked && (token.type === "link_open" || token.type === "link_close")) token.tag = "span";
      if (token.type === "link_close") isUnlinked = false;
    }
  }
}

/** @returns what the link of a page leads to, from the root of the repository; `null`: it leads out of it, or stays on the page. */
function pathOf(link: MarkdownToken, page: string): string | null {
  const href = link.attrs?.find(([name]) => name === "href")?.[1] ?? "";
  return /^(?:[a-z]+:|#|\/\/)/i.test(href) ? null : join(dirname(page), href);
}

function isElsewhere(path: string): boolean {
  return /^(?:client|server|shared|examples|test)\//.test(path) || !/\.\w+(?:#.*)?$/.test(path);
}

/** Anchors as on the pages of the repository. Source: github-slugger. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}
