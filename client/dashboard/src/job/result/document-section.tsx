import type { ReactNode } from "react";
import type { SectionView } from "@jobwire/client";

export interface DocumentSectionProps {
  readonly section: SectionView;
  readonly children: ReactNode;
}

/** A document with its heading. */
export function DocumentSection({ section: { section, title }, children }: DocumentSectionProps) {
  const id = idOfDocument(section);
  return (
    <section className="documentation" aria-labelledby={id}>
      <p className="label" dir="auto">
        {section}
      </p>
      <h2 id={id} dir="auto">
        {title}
      </h2>
      {children}
    </section>
  );
}

export function idOfDocument(section: string): string {
  return `documentation-${section}`;
}
