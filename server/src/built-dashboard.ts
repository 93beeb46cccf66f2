import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the dashboard that the published package brings; `undefined` where the package was not packed. */
export function builtDashboard(): string | undefined {
  const folder = fileURLToPath(new URL("../dist/dashboard", import.meta.url));
  return existsSync(folder) ? folder : undefined;
}
