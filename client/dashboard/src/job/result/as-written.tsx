import { Component, type ReactNode } from "react";
import type { SectionView } from "@jobwire/client";
import { DocumentSection } from "./document-section.js";

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
    const { section } = this.props;
    if (!this.state.isNeeded) return this.props.children;
    return (
      <DocumentSection section={section}>
        <p className="soft small">As it was written: reload the page to read it laid out.</p>
        <pre tabIndex={0} dir="auto">
          {section.markdown}
        </pre>
      </DocumentSection>
    );
  }
}
