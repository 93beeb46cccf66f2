/** The W3C `traceparent` of who published an event, where they had one: it continues their trace. */
export function traceparentOf(event: object): string | undefined {
  const { traceparent } = event as { readonly traceparent?: unknown };
  return typeof traceparent === "string" ? traceparent : undefined;
}
