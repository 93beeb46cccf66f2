import { Component, type ReactNode } from "react";
import { forgetFailedLoads } from "./lazy-page.js";
import { PageProblem } from "./page-problem.js";

export interface PageBoundaryProps {
  /** Where one is: elsewhere it begins anew. */
  readonly path: string;
  readonly children: ReactNode;
}

interface PageBoundaryState {
  readonly problem: { readonly error: unknown } | null;
}

/** A page that cannot be shown says so in its place, and leaves the rest of the window as it is. */
export class PageBoundary extends Component<PageBoundaryProps, PageBoundaryState> {
  static getDerivedStateFromError(error: unknown): PageBoundaryState {
    return { problem: { error } };
  }

  override readonly state: PageBoundaryState = { problem: null };

  override componentDidUpdate({ path }: PageBoundaryProps): void {
    if (path === this.props.path || !this.state.problem) return;
    forgetFailedLoads();
    this.setState({ problem: null });
  }

  override render(): ReactNode {
    const { problem } = this.state;
    return problem ? <PageProblem error={problem.error} /> : this.props.children;
  }
}
