import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificate } from "../sse/support/self-signed.js";
import { freePort } from "../support/redis-server.js";
import { spawnProcess } from "../support/server-process.js";

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  /** `nginx -s reload`: resolves when new workers serve, while the old ones keep their streams. */
  reload(): Promise<void>;
}

export interface NginxOptions {
  /** The configuration that users copy, changed. */
  readonly change?: (configuration: string) => string;
  /** Present: it speaks TLS and HTTP/2. */
  readonly certificate?: Certificate;
}

export const hasNginx = spawnSync("nginx", ["-v"]).status === 0;

/** The nginx on the PATH, with `examples/deploy/nginx.conf` before these two servers. */
export async function startNginx(
  servers: readonly [string, string],
  { change = (configuration) => configuration, certificate }: NginxOptions = {},
): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), "jobwire-nginx-"));
  const port = await freePort();
  const copied = await readFile(new URL("../../examples/deploy/nginx.conf", import.meta.url), "utf8");
  const [one, other] = servers.map((url) => new URL(url).host);
  const site = change(copied)
    .replace("jobwire-1:3000", one ?? "")
    .replace("jobwire-2:3000", other ?? "")
    .replace("listen 80;", certificate ? `listen 127.0.0.1:${port} ${withTls}` : `listen 127.0.0.1:${port};`);
  await writeFile(join(folder, "site.conf"), site);
  await writeFile(join(folder, "nginx.conf"), mainConfiguration);
  if (certificate) await writeFile(join(folder, "site.pem"), certificate.cert + certificate.key);
  // The folder of an absolute path is where the temporary files go.
  const args = ["-p", folder, "-c", join(folder, "nginx.conf")];
  const nginx = spawnProcess("nginx", args, {});
  await nginx.until((line) => line.includes("start worker processes"));
  return {
    url: certificate ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    async reload() {
      const before = nginx.lines.filter((line) => line.includes("start worker processes")).length;
      const { status, stderr } = spawnSync("nginx", [...args, "-s", "reload"], { encoding: "utf8" });
      if (status !== 0) throw new Error(`nginx does not reload: ${stderr}`);
      let seen = 0;
      await nginx.until((line) => line.includes("start worker processes") && ++seen > before);
    },
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const withTls = "ssl http2; ssl_certificate site.pem; ssl_certificate_key site.pem;";

/** In the foreground, without privileges, with everything in its folder. */
const mainConfiguration = `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
pid nginx.pid;
worker_processes 2;
error_log stderr notice;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include site.conf;
}
`;
