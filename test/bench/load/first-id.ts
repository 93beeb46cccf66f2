import { get } from "node:http";
import type { FleetOptions } from "./fleet.js";

/** Opens a stream. Resolves once it has started, with a promise of the id of its first event. */
export function watchFirstId(port: number, { path, token }: FleetOptions["streams"][number]) {
  return new Promise<{ readonly firstId: Promise<string> }>((started, failed) => {
    const headers = { accept: "text/event-stream", authorization: `Bearer ${token}` };
    const request = get({ port, host: "127.0.0.1", path, headers, agent: false }, (response) => {
      const firstId = new Promise<string>((resolve, reject) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          const [, id] = /^id: ?(.+)$/m.exec(text) ?? [];
          if (id === undefined) return;
          resolve(id);
          request.destroy();
        });
        response.once("error", reject);
      });
      started({ firstId });
    });
    request.once("error", failed);
  });
}
