/** As far as markdown-it's state is needed here. */
interface MarkdownState {
  readonly tokens: readonly MarkdownToken[];
}

interface MarkdownToken {
  readonly type: string;
  tag: string;
  attrs: [string, string][] | null;
  readonly children: readonly MarkdownToken[] | null;
}

/** What the repository has and the site has not, folders and what is in the packages: its name stays as text. */
export function unlinkOthers({ tokens }: MarkdownState): void {
  for (const { children } of tokens) {
    let isUnlinked = false;
    for (const token of children ?? []) {
      if (token.type === "link_open") {
        isUnlinked = isElsewhere(token.attrs?.find(([name]) => name === "href")?.[1] ?? "");
        if (isUnlinked) token.attrs = null;
      }
      if (isUnlinked && (token.type === "link_open" || token.type === "link_close")) token.tag = "span";
      if (token.type === "link_close") isUnlinked = false;
    }
  }
}

function isElsewhere(href: string): boolean {
  if (/^(?:[a-z]+:|#|\/\/)/i.test(href)) return false;
  return /^(?:\.\.\/)*(?:client|server|shared|examples|test)\//.test(href) || !/\.\w+(?:#.*)?$/.test(href);
}

/** Anchors as on the pages of the repository. Source: github-slugger. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}
