import "./document.js";
import { JobwireProvider } from "@jobwire/client/react";
import { configure, renderHook, waitFor, type RenderHookResult } from "@testing-library/react";
import { Suspense, type ComponentProps } from "react";
import { onTestFinished } from "vitest";

// StrictMode mounts twice only where it is at the root.
configure({ asyncUtilTimeout: 10_000, reactStrictMode: true });

export { renderHook, waitFor };

/** Renders a hook as an application would, in StrictMode, until the test has finished. */
export function renderWithClient<Result, Props>(
  client: ComponentProps<typeof JobwireProvider>["client"],
  hook: (props: Props) => Result,
  initialProps: Props,
): RenderHookResult<Result, Props> {
  const rendered = renderHook(hook, {
    wrapper: ({ children }) => (
      <JobwireProvider client={client}>
        <Suspense fallback={null}>{children}</Suspense>
      </JobwireProvider>
    ),
    initialProps,
  });
  onTestFinished(() => rendered.unmount());
  return rendered;
}
