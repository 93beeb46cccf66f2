import type { TestServer } from "./test-server.js";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface PlainCall {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `POST /api/jobs`, as a program without tRPC says it. */
export async function callPlain(
  { url }: TestServer,
  line: string,
  { token, body, headers }: PlainCall = {},
): Promise<Answer> {
  const [method = "", path = ""] = line.split(" ");
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** The headers of a stream. */
export function asked(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}
