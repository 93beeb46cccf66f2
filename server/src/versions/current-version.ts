import { readFile } from "node:fs/promises";
import { z } from "zod";
import { announceVersionInputSchema, type AnnouncedVersion } from "@jobwire/shared";

type CurrentVersion = Omit<AnnouncedVersion, "pending">;

export interface CurrentVersionOptions {
  /** Answers with JSON {version, changelog?} or with the version as plain text. Absent: the version of this build. */
  readonly url: string | undefined;
  readonly onError: (error: unknown) => void;
}

const timeoutMs = 2000;
const freshMs = 30_000;
const maxLength = 65_536;

/**
 * The version that runs. It is asked for at most twice a minute, and whoever asks while there is an older answer gets
 * that one at once. Without any answer it is the version of this build.
 */
export function createCurrentVersion({ url, onError }: CurrentVersionOptions): () => Promise<CurrentVersion> {
  if (url === undefined) return buildVersion;
  let known: CurrentVersion | undefined;
  let askedAt = -Infinity;
  let asking = Promise.resolve();
  return async () => {
    if (performance.now() - askedAt >= freshMs) {
      askedAt = performance.now();
      asking = fetchVersion(url).then((version) => void (known = version), onError);
    }
    if (!known) await asking;
    return known ?? buildVersion();
  };
}

async function buildVersion(): Promise<CurrentVersion> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return { version: z.object({ version: z.string() }).parse(JSON.parse(text)).version, changelog: null };
}

const answerSchema = announceVersionInputSchema.pick({ version: true }).extend({
  changelog: announceVersionInputSchema.shape.changelog.nullish(),
});

async function fetchVersion(url: string): Promise<CurrentVersion> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  if (!response.ok) throw new Error(`VERSION_URL answers with status ${response.status}`);
  if (text.length > maxLength) throw new Error(`VERSION_URL answers with more than ${maxLength} characters`);
  const contentType = response.headers.get("content-type")?.toLowerCase();
  const isJson = contentType?.includes("json") || text.trimStart().startsWith("{");
  const parsed = answerSchema.safeParse(isJson ? JSON.parse(text) : { version: text });
  if (!parsed.success)
    throw new Error(`VERSION_URL answers with no version\n${z.prettifyError(parsed.error)}`);
  return { version: parsed.data.version, changelog: parsed.data.changelog || null };
}
