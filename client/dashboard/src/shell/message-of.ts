/** What went wrong, in the server's words where it has some. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
