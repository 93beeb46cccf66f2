import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PublishableJobEvent } from "@jobwire/shared";
import { dependencyNames, type NpmPackage } from "./npm-package.js";

export interface DocumentationOptions {
  readonly folder: string;
  readonly npmPackage: NpmPackage;
  /** One line about the source files. */
  readonly sources: string;
}

/** The project's README and what its package.json says. */
export async function describeProject(options: DocumentationOptions): Promise<PublishableJobEvent> {
  const { folder, npmPackage } = options;
  const summary = summarize(options);
  const readme = (await readReadme(folder)).slice(0, maxMarkdownLength - summary.length);
  const title = [npmPackage.name, npmPackage.version].filter(Boolean).join(" ").slice(0, maxTitleLength);
  return { type: "documentation.updated", section: "readme", title, markdown: readme + summary };
}

/** Below the limits of the event. */
const maxMarkdownLength = 190_000;
const maxTitleLength = 200;

/** @returns the text with an empty line after it; `""` when there is no README. */
async function readReadme(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const readme = entries.find((entry) => entry.isFile() && /^readme(\.md)?$/i.test(entry.name));
  if (!readme) return "";
  return `${(await readFile(join(folder, readme.name), "utf8")).trim()}\n\n`;
}

function summarize({ npmPackage, sources }: DocumentationOptions): string {
  const { name, version, description, license, scripts } = npmPackage;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Name", name],
    ["Version", version],
    ["Description", description],
    ["License", license],
    ["Scripts", Object.keys(scripts).join(", ")],
    ["Dependencies", dependencyNames(npmPackage).join(", ") || "none"],
    ["Sources", sources],
  ];
  const said = lines.filter(([, text]) => text !== undefined && text !== "");
  return `## Package\n\n${said.map(([label, text]) => `- **${label}:** ${text}`).join("\n")}\n`;
}
