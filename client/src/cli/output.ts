import { stripVTControlCharacters } from "node:util";

/** Events as NDJSON: one object a line, with the id to continue after. */
export function printJson(event: object, id: string | null): void {
  process.stdout.write(`${JSON.stringify(id === null ? event : { id, ...event })}\n`);
}

/** A table without lines, its columns as wide as they need to be; cells may have colours. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const columns = rows[0]?.keys() ?? [];
  const widths = [...columns].map((column) => Math.max(...rows.map((row) => widthOf(row[column]))));
  for (const row of rows) {
    const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)));
    process.stdout.write(`${cells.join("  ").trimEnd()}\n`);
  }
}

function widthOf(cell = ""): number {
  return stripVTControlCharacters(cell).length;
}
