type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a project's own programs get to see: what they need to run and to reach a registry. Everything else stays
 * here, above all this worker's token, and what npm says about the script that started this worker.
 */
export function commandEnvironment(env: Environment): Record<string, string> {
  const allowed: Record<string, string> = { CI: "1", npm_config_loglevel: "error" };
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isAllowed(name.toLowerCase())) allowed[name] = value;
  }
  return allowed;
}

function isAllowed(name: string): boolean {
  return allowedNames.has(name) || name.startsWith("lc_") || name.startsWith("xdg_");
}

const allowedNames: ReadonlySet<string> = new Set([
  "path",
  "home",
  "user",
  "logname",
  "shell",
  "lang",
  "tz",
  "tmpdir",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "node_extra_ca_certs",
  "ssl_cert_file",
  "ssl_cert_dir",
  "npm_config_cache",
  "npm_config_cafile",
  "npm_config_globalconfig",
  "npm_config_https_proxy",
  "npm_config_noproxy",
  "npm_config_proxy",
  "npm_config_registry",
  "npm_config_userconfig",
]);
