/**
 * The answer of a call, of which a page that a proxy gives in the server's place says no more than its status: what the
 * parser of JSON says quotes the page. Without `data` the error counts as one of the way and not of the server.
 */
export function withPlainErrors(response: Response): Response {
  const json = async (): Promise<unknown> => {
    const answer = parse(await response.text());
    if (answer !== undefined) return answer;
    throw new Error(
      `The server answered with HTTP status ${response.status}, and not as a tRPC server does.`,
    );
  };
  return Object.assign(response, { json });
}

/** `undefined`: it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
