import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../support/redis-server.js";
import { spawnProcess } from "../support/server-process.js";

const run = promisify(execFile);

export interface LocalRegistry extends AsyncDisposable {
  readonly url: string;
  /** What makes npm use it, and nothing of this machine's settings but the proxy and its certificates. */
  readonly environment: NodeJS.ProcessEnv;
  publish(tarball: string): Promise<void>;
}

/** It has 300 packages, and nothing but this test needs it: it is no dependency of the workspace. */
const manifest = {
  private: true,
  dependencies: { verdaccio: "6.5.2" },
  // It names this one by a tag, which not every registry has.
  overrides: { "node-fetch": "2.7.0" },
};

/** A registry that takes packages of Jobwire, on loopback, and passes on what the configured one has. */
export async function startRegistry(): Promise<LocalRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "jobwire-registry-"));
  const { stdout } = await run("npm", ["config", "get", "registry"], { cwd: folder });
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder });
  await mkdir(join(folder, "storage"));
  await writeFile(join(folder, "config.json"), JSON.stringify(configuration(stdout.trim())));
  const port = await freePort();
  const program = join(folder, "node_modules/verdaccio/bin/verdaccio");
  const args = [program, "--config", join(folder, "config.json"), "--listen", `127.0.0.1:${port}`];
  const registry = spawnProcess(process.execPath, args, {
    ...(process.env.NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS }),
  });
  await registry.until((line) => /http address/.test(line));
  const url = `http://127.0.0.1:${port}/`;
  const settings = join(folder, "npmrc");
  await writeFile(settings, `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`);
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    npm_config_userconfig: settings,
    npm_config_registry: url,
    npm_config_cache: join(folder, "cache"),
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
  };
  return {
    url,
    environment,
    publish: async (tarball) => void (await run("npm", ["publish", tarball], { env: environment })),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(upstream: string) {
  return {
    storage: "./storage",
    auth: {},
    uplinks: { upstream: { url: upstream, maxage: "30m", timeout: "60s", max_fails: 100 } },
    packages: {
      "@jobwire/*": { access: "$all", publish: "$all" },
      "**": { access: "$all", proxy: "upstream" },
    },
    max_body_size: "50mb",
    web: { enable: false },
    log: { type: "stdout", format: "pretty", level: "warn" },
  };
}
