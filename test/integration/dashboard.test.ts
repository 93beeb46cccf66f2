import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, startServer } from "@jobwire/server";
import { expect, test } from "vitest";
import { signTestToken, testSecret } from "../support/test-server.js";

/** A folder as the build of the dashboard leaves it. */
async function newFolder() {
  const folder = await mkdtemp(join(tmpdir(), "jobwire-dashboard-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Jobwire</title>");
  await writeFile(join(folder, "assets", "index-abc.js"), "plain");
  await writeFile(join(folder, "assets", "index-abc.js.br"), "brotli");
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

function start(
  dashboard: string | undefined,
  environment: Record<string, string> = { JWT_SECRET: testSecret },
) {
  return startServer(readConfig({ PORT: "0", LOG_LEVEL: "silent", ...environment }), { dashboard });
}

test("each page of the dashboard is the document, asked for anew each time, with a strict policy", async () => {
  await using site = await newFolder();
  await using server = await start(site.folder);
  for (const path of ["/", "/jobs/some-job", "/spools", "/session", "/fleet", "/operations"]) {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status, path).toBe(200);
    expect(await response.text()).toContain("<title>Jobwire</title>");
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).not.toContain("unsafe");
  }
});

test("assets are kept for a year and come compressed to those who take it", async () => {
  await using site = await newFolder();
  await using server = await start(site.folder);
  const url = `${server.url}/assets/index-abc.js`;
  const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
  expect(await plain.text()).toBe("plain");
  expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  const compressed = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "br" } });
  expect(compressed.headers.get("content-encoding")).toBe("br");
  expect(compressed.headers.get("content-type")).toContain("javascript");
  expect(compressed.headers.get("vary")).toContain("accept-encoding");
});

test("nothing outside of the assets can be read", async () => {
  await using site = await newFolder();
  await writeFile(join(site.folder, "secret.txt"), "secret");
  await using server = await start(site.folder);
  for (const path of [
    "/secret.txt",
    "/assets/..%2fsecret.txt",
    "/assets/%2e%2e/secret.txt",
    "/assets/",
    "/nowhere",
  ]) {
    const response = await fetch(`${server.url}${path}`);
    expect(response.status, path).toBeGreaterThanOrEqual(400);
    expect(await response.text(), path).not.toBe("secret");
  }
});

test("the page learns who is signed in: by header, by the host's cookie, or nobody", async () => {
  await using site = await newFolder();
  await using server = await start(site.folder);
  const token = await signTestToken({ sub: "alice", role: "service" });
  const ask = async (headers: Record<string, string>) =>
    (await fetch(`${server.url}/api/whoami`, { headers })).json();
  const alice = { caller: { userId: "alice", role: "service" }, handsOutTokens: false, store: "up" };
  const nobody = { caller: null, handsOutTokens: false, store: "up" };
  expect(await ask({ authorization: `Bearer ${token}` })).toEqual(alice);
  expect(await ask({ cookie: `jobwire_token=${token}` })).toEqual(alice);
  expect(await ask({ authorization: "Bearer nonsense" })).toEqual(nobody);
  expect(await ask({})).toEqual(nobody);
});

test("in development it learns that tokens are handed out", async () => {
  await using site = await newFolder();
  await using server = await start(site.folder, {});
  const answer = await fetch(`${server.url}/api/whoami`);
  expect(await answer.json()).toEqual({ caller: null, handsOutTokens: true, store: "up" });
  expect(answer.headers.get("cache-control")).toBe("no-store");
});

test("a person at an unknown address gets the page, a program its error", async () => {
  await using site = await newFolder();
  await using server = await start(site.folder);
  const person = { headers: { accept: "text/html,application/xhtml+xml" } };
  for (const path of ["/nowhere", "/jobs", "/jobs/a/b", "/operation?tab=1"]) {
    const page = await fetch(`${server.url}${path}`, person);
    expect(page.status, path).toBe(404);
    expect(await page.text(), path).toContain("<title>Jobwire</title>");
    const error = await fetch(`${server.url}${path}`, { headers: { accept: "application/json" } });
    expect(await error.json(), path).toMatchObject({ error: { code: "NOT_FOUND" } });
  }
  for (const path of ["/api/nowhere", "/trpc/no.where", "/assets/gone.js", "/metrics/x", "/api"]) {
    const error = await fetch(`${server.url}${path}`, person);
    expect(error.status, path).toBe(404);
    expect(await error.text(), path).not.toContain("<title>");
  }
});

test("signing out lets the browser forget the host's cookie; a page of another site cannot", async () => {
  await using site = await newFolder();
  await using server = await start(site.folder);
  const headers = { cookie: `jobwire_token=${await signTestToken({ sub: "alice", role: "user" })}` };
  const url = `${server.url}/api/sign-out`;
  const answer = await fetch(url, { method: "POST", headers: { ...headers, origin: server.url } });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("set-cookie")).toMatch(/^jobwire_token=; Path=\/; Max-Age=0/);
  const foreign = await fetch(url, {
    method: "POST",
    headers: { ...headers, origin: "https://evil.example" },
  });
  expect(foreign.status).toBe(403);
  expect(foreign.headers.get("set-cookie")).toBeNull();
});

test("without a folder there is no page", async () => {
  await using server = await start(undefined);
  expect((await fetch(server.url)).status).toBe(404);
});
