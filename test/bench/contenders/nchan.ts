import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../support/redis-server.js";
import { childrenOf, usageOf } from "../processes/proc.js";
import type { Contender, ServeOptions, Serving } from "./contender.js";
import { openNchanPublisher } from "./nchan-publisher.js";
import { untilAnswering } from "./until-answering.js";

/** nginx with Nchan, in C, one worker, its own memory; events come in by HTTP. Its worker's CPU is measured. */
export const nchan: Contender = {
  name: "nchan",
  numbersIds: false,
  isSlow: false,
  patienceMs: 5000,
  keepsLogIn: "server",
  missing() {
    if (!existsSync("/proc/self/stat")) return "its CPU is read from /proc, which is not here";
    const { error, stderr } = spawnSync("nginx", ["-V"], { encoding: "utf8" });
    if (error) return "nginx is not installed";
    return nchanModule(stderr) === null ? "nginx has no Nchan module (libnginx-mod-nchan)" : undefined;
  },
  pathOf: (topic) => `/events/${topic}`,
  serve,
  openPublisher: ({ port }) => openNchanPublisher(port),
};

async function serve({ redisUrl, heartbeatMs }: ServeOptions): Promise<Serving> {
  const directory = await mkdtemp(join(tmpdir(), "jobwire-bench-nginx-"));
  const port = await freePort();
  const { stderr } = spawnSync("nginx", ["-V"], { encoding: "utf8" });
  const config = join(directory, "nginx.conf");
  await writeFile(config, configOf({ module: nchanModule(stderr), directory, port, heartbeatMs }));
  const nginx = spawn("nginx", ["-p", directory, "-c", config, "-e", join(directory, "error.log")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(nginx, "exit");
  const stop = async () => {
    nginx.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  await untilAnswering(port);
  const worker = await workerOf(nginx.pid ?? 0);
  return {
    port,
    ...(redisUrl === null && { publisher: await openNchanPublisher(port) }),
    elsewhere: { usage: () => usageOf(worker), stop },
  };
}

/** nginx listens before its worker is there. */
async function workerOf(pid: number): Promise<number> {
  for (;;) {
    const [worker] = childrenOf(pid);
    if (worker !== undefined) return worker;
    await delay(5);
  }
}

/** The file to load, `""` when Nchan is built in, `null` when there is none. */
function nchanModule(buildOptions: string): string | null {
  if (/--add-module=\S*nchan/.test(buildOptions)) return "";
  const [, folder] = /--modules-path=(\S+)/.exec(buildOptions) ?? [];
  const file = folder === undefined ? "" : join(folder, "ngx_nchan_module.so");
  return existsSync(file) ? file : null;
}

interface NginxOptions {
  readonly module: string | null;
  readonly directory: string;
  readonly port: number;
  readonly heartbeatMs: number;
}

function configOf({ module, directory, port, heartbeatMs }: NginxOptions): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(directory, name)};`)
    .join("\n");
  return `
${module ? `load_module ${module};` : ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${join(directory, "nginx.pid")};
error_log ${join(directory, "error.log")} crit;
events { worker_connections 19000; }
http {
  access_log off;
  ${temporary}
  keepalive_requests 1000000;
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/publish/(.+)$ {
      nchan_publisher;
      nchan_channel_id $1;
      nchan_message_buffer_length 1000;
      nchan_message_timeout 10m;
    }
    location ~ ^/events/(.+)$ {
      nchan_subscriber eventsource;
      nchan_channel_id $1;
      nchan_subscriber_first_message oldest;
      nchan_eventsource_ping_comment ping;
      nchan_eventsource_ping_event "";
      nchan_eventsource_ping_interval ${Math.max(1, Math.round(heartbeatMs / 1000))};
    }
  }
}
`;
}
