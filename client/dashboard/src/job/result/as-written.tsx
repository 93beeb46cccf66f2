import { Component, type ReactNode } from "react";
import type { SectionView } from "@jobwire/client";

export interface AsWrittenProps {
  readonly section: SectionView;
  readonly children: ReactNode;
}

/** Shows a document as it was written where what makes a page of it did not load. */
export class AsWritten extends Component<AsWrittenProps, { readonly isNeeded: boolean }> {
  static getDerivedStateFromError(): { readonly isNeeded: boolean } {
    return { isNeeded: true };
  }

  override readonly state = { isNeeded: false };

  override render(): ReactNode {
    const { section, title, markdown } = this.props.section;
    if (!this.state.isNeeded) return this.props.children;
    const id = `documentation-${section}`;
    return (
      <section className="documentation" aria-labelledby={id}>
        <p className="label" dir="auto">
          {section}
        </p>
        <h2 id={id} dir="auto">
          {title}
        </h2>
        <p className="soft small">As it was written: reload the page to read it laid out.</p>
        <pre tabIndex={0} dir="auto">
          {markdown}
        </pre>
      </section>
    );
  }
}
