import { get } from "node:http";
import { seqMark } from "../event.js";
import type { FleetOptions } from "./fleet.js";

/** Opens a stream. Resolves once it has started, with a promise of the id of the first event that was published. */
export function watchFirstId(port: number, { path, token }: FleetOptions["streams"][number]) {
  return new Promise<{ readonly firstId: Promise<string> }>((started, failed) => {
    const headers = { accept: "text/event-stream", authorization: `Bearer ${token}` };
    const request = get({ port, host: "127.0.0.1", path, headers, agent: false }, (response) => {
      const firstId = new Promise<string>((resolve, reject) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          const frame = text
            .split(/\r?\n\r?\n/)
            .slice(0, -1)
            .find((whole) => whole.includes(seqMark));
          const [, id] = /^id: ?(.+)$/m.exec(frame ?? "") ?? [];
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
