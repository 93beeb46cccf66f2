import { jobMessageSchema } from "@jobwire/shared";

/** Why a job failed, as its message. */
export function failureMessage(error: unknown): string {
  return cutToMessage(reasonOf(error));
}

/** Why a job goes back to `scaffold`. */
export function retryMessage(retry: number, retries: number, error: unknown): string {
  const head = `Retry ${retry} of ${retries}, the checks failed: `;
  return head + keepLastLines(reasonOf(error), maxLength - head.length);
}

export function cutToMessage(text: string): string {
  return keepLastLines(text, maxLength);
}

const maxLength = jobMessageSchema.maxLength ?? Infinity;

/** Anything can be thrown, also what has no text. */
function reasonOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown) || unknownReason;
  } catch {
    return unknownReason;
  }
}

const unknownReason = "Unknown error";

/** The text itself, or an ellipsis and as many whole lines from its end as fit: tools say last what went wrong. */
function keepLastLines(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = text.slice(1 - limit).replace(/^[\uDC00-\uDFFF]/, "");
  const lineEnd = end.indexOf("\n");
  return `…${lineEnd === -1 ? end : end.slice(lineEnd)}`;
}
