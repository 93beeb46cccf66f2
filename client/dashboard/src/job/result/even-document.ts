/** As much of a tree of HTML as is looked at here. */
interface HtmlNode {
  readonly type: string;
  tagName?: string;
  properties?: Record<string, unknown>;
  readonly children?: readonly HtmlNode[];
}

const written = new Set(["p", "li", "blockquote", "td", "h1", "h2", "h3", "h4", "h5", "h6"]);
/** A document stands below a heading of this level. */
const levelAbove = 2;

/**
 * Fits a document into a page: headings go down without leaving out a level, ids are its own, and each block has the
 * direction of its script.
 */
export function evenDocument(idPrefix: string) {
  return () => (tree: HtmlNode) => {
    const open: number[] = [];
    visit(tree, (node) => {
      const { tagName = "", properties = {} } = node;
      const level = /^h([1-6])$/.exec(tagName)?.[1];
      if (level !== undefined) {
        while (open.length > 0 && (open.at(-1) ?? 0) >= Number(level)) open.pop();
        open.push(Number(level));
        node.tagName = `h${Math.min(6, levelAbove + open.length)}`;
      }
      const { id, href, ariaDescribedBy: _, ...rest } = properties;
      node.properties = {
        ...rest,
        ...(typeof id === "string" && { id: idPrefix + id }),
        ...(typeof href === "string" && {
          href: href.startsWith("#") ? `#${idPrefix}${href.slice(1)}` : href,
        }),
        ...(written.has(tagName) && { dir: "auto" }),
      };
    });
  };
}

function visit(node: HtmlNode, look: (element: HtmlNode) => void): void {
  if (node.type === "element") look(node);
  for (const child of node.children ?? []) visit(child, look);
}
