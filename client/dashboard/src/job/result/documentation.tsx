import { memo, useMemo, type ComponentProps } from "react";
import type { SectionView } from "@jobwire/client";
import Markdown, { defaultUrlTransform, type Components } from "react-markdown";
import rehypeSanitize, { defaultSchema } from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { DocumentSection, idOfDocument } from "./document-section.js";
import { evenDocument } from "./even-document.js";
import { Picture } from "./picture.js";

interface DocumentationProps {
  readonly section: SectionView;
}

/**
 * Markdown from a worker is not trusted: raw HTML is not taken, and what comes out is sanitised besides. Read again only when it
 * is another one: the page around it changes every second, and in a replay more often.
 */
export const Documentation = memo(ReadDocumentation, isSameDocument);

function isSameDocument(
  { section: one }: DocumentationProps,
  { section: other }: DocumentationProps,
): boolean {
  return one.section === other.section && one.title === other.title && one.markdown === other.markdown;
}

function ReadDocumentation({ section }: DocumentationProps) {
  const id = idOfDocument(section.section);
  const plugins = useMemo(
    () =>
      [[rehypeSanitize, schema], evenDocument(`${id}-`)] as ComponentProps<typeof Markdown>["rehypePlugins"],
    [id],
  );
  return (
    <DocumentSection section={section}>
      <div className="prose">
        <Markdown
          remarkPlugins={[remarkGfm]}
          rehypePlugins={plugins}
          components={components}
          urlTransform={(url, key) =>
            key === "src" && url.startsWith("data:image/") ? url : defaultUrlTransform(url)
          }
        >
          {section.markdown}
        </Markdown>
      </div>
    </DocumentSection>
  );
}

const schema = {
  ...defaultSchema,
  protocols: { ...defaultSchema.protocols, src: ["http", "https", "data"] },
};

const components: Components = {
  // What is too wide scrolls in its own box, also by keyboard.
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  table: ({ children }) => (
    <div className="prose-table" role="group" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  // The first column of a table often has no name.
  th: ({ children, style }) =>
    children ? (
      <th scope="col" style={style} dir="auto">
        {children}
      </th>
    ) : (
      <td />
    ),
  input: ({ checked = false }) => (
    <span className="task-box" role="img" aria-label={checked ? "done" : "to do"} data-done={checked} />
  ),
  img: ({ src = "", alt = "" }) => <Picture url={src} alt={alt} />,
  a: ({ href = "", children }) =>
    href.startsWith("#") ? (
      <a href={href}>{children ?? href}</a>
    ) : (
      <a href={href} target="_blank" rel="noreferrer">
        {children ?? href}
      </a>
    ),
};
