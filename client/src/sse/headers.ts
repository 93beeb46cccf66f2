/** The headers of all, by name; names count in any spelling, and of two values the later stands. */
export function joinHeaders(...sources: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const byName = new Map<string, readonly [name: string, value: string]>();
  for (const source of sources) {
    for (const entry of Object.entries(source)) byName.set(entry[0].toLowerCase(), entry);
  }
  return Object.fromEntries(byName.values());
}

/** What a request cannot carry. Every attempt would fail alike, and `fetch` says it as it says that nobody answers. */
export class HeaderError extends Error {}

/** @throws HeaderError that names the header; its value may be a secret. Source: RFC 9110, sections 5.1 and 5.5. */
export function requireSendable(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    // White space at the ends, such as the line break of a file, is not sent.
    if (headerName.test(name) && !beyondHeaders.test(value) && !/[\n\r]/.test(value.trim())) continue;
    throw new HeaderError(
      `The header ${JSON.stringify(name)} cannot be sent: names are letters, digits and -, values are Latin-1 in one line. Encode it.`,
    );
  }
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const beyondHeaders = /[^\t\n\r -~\x80-\xff]/;

/** Media types count in any spelling, and may have parameters. Source: RFC 9110, section 8.3.1. */
export function isEventStream(contentType: string | null): boolean {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() === "text/event-stream";
}
