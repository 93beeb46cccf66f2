import { formatBytes, type SourceFile } from "./source-files.js";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** An SVG picture that lists the largest files. */
export function drawFileList(
  title: string,
  files: readonly SourceFile[],
  { width, height }: PictureSize,
): string {
  const shown = files.toSorted((one, other) => other.bytes - one.bytes).slice(0, maxRows);
  const rows = shown.map(({ path, bytes }, index) => {
    const y = 180 + index * rowHeight;
    return `<text x="80" y="${y}">${escapeXml(shorten(path, 80))}</text>
  <text x="${width - 80}" y="${y}" text-anchor="end">${formatBytes(bytes)}</text>`;
  });
  const rest = files.length - shown.length;
  if (rest > 0)
    rows.push(`<text x="80" y="${180 + shown.length * rowHeight}" opacity="0.6">and ${rest} more</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
  <rect width="100%" height="100%" fill="#10151f"/>
  <g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="22" fill="#d7deea">
  <text x="80" y="110" font-size="36" font-weight="bold" fill="#ffffff">${escapeXml(shorten(title, 50))}</text>
  ${rows.join("\n  ")}
  </g>
</svg>
`;
}

const maxRows = 16;
const rowHeight = 36;

function shorten(text: string, maxLength: number): string {
  const characters = [...text];
  return characters.length <= maxLength ? text : `${characters.slice(0, maxLength - 1).join("")}…`;
}

/** XML has no way at all to write most control characters. */
function escapeXml(text: string): string {
  return text
    .replace(/\p{Cc}|\p{Cs}/gu, "\u{fffd}")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
