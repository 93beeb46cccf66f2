import { serverProgram, startProcess, type ServerProcess } from "./server-process.js";
import { testSecret } from "./test-server.js";

/** For `vi.waitFor`. */
export const patience = { timeout: 20_000, interval: 20 };

export function startServerProcess(env: Record<string, string> = {}): Promise<ServerProcess> {
  return startProcess(process.execPath, serverProgram, { JWT_SECRET: testSecret, ...env });
}

/** The status of `/readyz`; `null` when nobody answers. */
export async function readiness({ url }: { readonly url: string }): Promise<number | null> {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status,
    () => null,
  );
}
