import type { SectionView } from "@jobwire/client";
import Markdown from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";

/** Markdown from a worker is not trusted: raw HTML is not taken, and what comes out is sanitised besides. */
export function Documentation({ section: { section, title, markdown } }: { readonly section: SectionView }) {
  const id = `documentation-${section}`;
  return (
    <section className="card job-card documentation" aria-labelledby={id}>
      <p className="label">{section}</p>
      <h2 id={id}>{title}</h2>
      <div className="prose">
        <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]} components={lowered}>
          {markdown}
        </Markdown>
      </div>
    </section>
  );
}

/** A document's own headings go below the one that names it. */
const lowered = { h1: "h3", h2: "h4", h3: "h5", h4: "h6" } as const;
