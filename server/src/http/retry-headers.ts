/** Headers of an answer that is to be asked for again: in how many seconds. */
export function retryHeaders(status: number): Readonly<Record<string, string>> {
  return status === 429 || status === 503 ? { "retry-after": "1" } : {};
}
