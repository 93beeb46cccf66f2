import { readdir, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { JobStreamEvent } from "@jobwire/shared";
import { assert, expect, test } from "vitest";
import { serveFolder } from "../../examples/build-worker/serve-folder.js";
import { findChromium } from "../sse/support/chromium.js";
import { makeFolder, openBuildShop, packageJson, siteFolder } from "./build-worker-fixture.js";
import { failureOf, outline } from "./worker-fixture.js";

test("the sample site becomes ready, with a picture and documentation, and is itself left alone", async () => {
  await using shop = await openBuildShop({ projects: { site: siteFolder } });
  const before = await readdir(siteFolder, { recursive: true });
  const hasChromium = findChromium() !== undefined;
  const events = await shop.build("site");
  const said = outline(events).filter((line) => !line.startsWith("progress"));
  expect(said).toEqual([
    ...["queued", "starting", "scaffold", "code", "deps"].flatMap((stage) => [
      `started ${stage}`,
      `completed ${stage}`,
    ]),
    "started checks",
    "snapshot.updated",
    "documentation.updated",
    "completed checks",
    "started ready",
  ]);
  expect(messagesOf(events)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Copied (\d+) of \1 files$/),
      "Skipped: package.json names no dependencies",
      "Passed: npm run build and npm run test",
    ]),
  );
  expect(events.find(({ type }) => type === "snapshot.updated")).toMatchObject({
    url: expect.stringMatching(hasChromium ? /^data:image\/png;base64,/ : /^data:image\/svg\+xml;base64,/),
    caption: expect.stringMatching(/^Built harbour-notes: 3 files, \d\.\d kB in dist$/),
    width: 1280,
    height: 800,
  });
  expect(events.find(({ type }) => type === "documentation.updated")).toMatchObject({
    section: "readme",
    title: "harbour-notes 1.0.0",
    markdown: expect.stringMatching(
      /^# Harbour notes\n[^]*- \*\*Sources:\*\* \d+ files, .* sha256 [0-9a-f]{64}\n$/,
    ),
  });
  expect(await readdir(siteFolder, { recursive: true })).toEqual(before);
  shop.worker.process.kill("SIGTERM");
  expect(await shop.worker.exit).toBe(0);
  expect(await shop.temporaryFolders()).toEqual([]);
});

test("without Chromium the picture lists the files, whatever they are called", async () => {
  await using programs = await makeFolder();
  for (const name of ["node", "npm", "sh"]) {
    const program = await findProgram(name);
    assert(program !== null);
    await symlink(program, join(programs.path, name));
  }
  await using project = await makeFolder({
    "package.json": packageJson({}),
    "index.html": "<p>hello",
    'a "b" <c> & d.txt': "1234",
  });
  await using shop = await openBuildShop({ projects: { it: project.path }, env: { PATH: programs.path } });
  const events = await shop.build("it");
  const snapshot = events.find((event) => event.type === "snapshot.updated");
  const [, picture = ""] = /^data:image\/svg\+xml;base64,(.*)$/.exec(snapshot?.url ?? "") ?? [];
  const svg = Buffer.from(picture, "base64").toString();
  expect(svg).toContain("a &#34;b&#34; &#60;c&#62; &#38; d.txt</text>");
  expect(svg).toContain(">4 B</text>");
  expect(messagesOf(events)).toContain("Nothing to check: package.json has no build and no test script");
});

test("a project that fails its tests fails the job with its first failing line, and all of their output is kept", async () => {
  await using project = await makeFolder({
    "package.json": packageJson({ build: "node build.js", test: "node test.js" }),
    "build.js": "console.log('built')",
    "test.js": `for (let line = 0; line < 5000; line += 1) console.log("line " + line);
      console.error("\\u001b[31mexpected 1 to be 2\\u001b[39m");
      process.exitCode = 3;`,
  });
  await using shop = await openBuildShop({ projects: { it: project.path } });
  const events = await shop.build("it");
  expect(failureOf(events)).toBe(
    "npm run test exited with code 3: expected 1 to be 2\nAll that it wrote is in the output of this job.",
  );
  const output = await shop.outputOf(events);
  expect(output).toContain("built\n");
  expect(output).toMatch(/^line 0\nline 1\n[^]*\nline 4999\n/m);
  expect(output).toContain("\u001b[31mexpected 1 to be 2\u001b[39m\n");
  expect(outline(events).at(-2)).toBe("completed checks");
});

test.each([
  [
    "names a project that is not offered",
    "other",
    'There is no project "other". This worker builds: it, that.',
  ],
  ["names no project", undefined, "The job names no project. This worker builds: it, that."],
])("a job that %s fails with the list of projects", async (_title, project, reason) => {
  await using folder = await makeFolder({ "package.json": packageJson({}) });
  await using shop = await openBuildShop({ projects: { it: folder.path, that: folder.path } });
  expect(failureOf(await shop.build(project))).toBe(reason);
});

test("a folder without a readable package.json is no project", async () => {
  await using empty = await makeFolder();
  await using broken = await makeFolder({ "package.json": "{" });
  await using wrong = await makeFolder({ "package.json": '{"scripts": 1}' });
  await using shop = await openBuildShop({
    projects: { empty: empty.path, broken: broken.path, wrong: wrong.path },
  });
  expect(failureOf(await shop.build("empty"))).toBe(
    "There is no package.json: only npm projects can be built.",
  );
  expect(failureOf(await shop.build("broken"))).toMatch(/^package\.json is not valid JSON/);
  expect(failureOf(await shop.build("wrong"))).toMatch(/^package\.json is not valid:[^]*scripts/);
});

test("dependencies are installed, with npm ci when there is a lock file", async () => {
  const files = {
    "package.json": packageJson({ test: "node test.js" }, { dependencies: { greeting: "file:greeting" } }),
    "greeting/package.json": '{"name": "greeting", "version": "1.0.0"}',
    "greeting/index.js": 'module.exports = "hello";',
    "test.js": 'if (require("greeting") !== "hello") process.exit(1);',
  };
  const packages = {
    "": { name: "sample", version: "1.2.3", dependencies: { greeting: "file:greeting" } },
    greeting: { version: "1.0.0" },
    "node_modules/greeting": { resolved: "greeting", link: true },
  };
  const lock = { name: "sample", version: "1.2.3", lockfileVersion: 3, requires: true, packages };
  await using unlocked = await makeFolder(files);
  await using locked = await makeFolder({ ...files, "package-lock.json": JSON.stringify(lock) });
  await using shop = await openBuildShop({ projects: { unlocked: unlocked.path, locked: locked.path } });
  const unlockedEvents = await shop.build("unlocked");
  const lockedEvents = await shop.build("locked");
  expect(outline(unlockedEvents).at(-1)).toBe("started ready");
  expect(outline(lockedEvents).at(-1)).toBe("started ready");
  expect(messagesOf(unlockedEvents)).toContain("npm install has ended");
  expect(messagesOf(lockedEvents)).toContain("npm ci has ended");
});

test("links inside a project are copied as links, and one that leads out of it is refused", async () => {
  const files = {
    "package.json": packageJson({
      test: `node -p "fs.readlinkSync('link') === 'folder/file.txt' || process.exit(1)"`,
    }),
    "folder/file.txt": "text",
  };
  await using inside = await makeFolder(files);
  await symlink("folder/file.txt", join(inside.path, "link"));
  await using outside = await makeFolder(files);
  await symlink("/etc/hostname", join(outside.path, "absolute"));
  await using roundabout = await makeFolder(files);
  await symlink("..", join(roundabout.path, "folder/up"));
  await symlink("folder/up/../outside", join(roundabout.path, "around"));
  await using original = await makeFolder(files);
  await symlink(join(original.path, "folder/file.txt"), join(original.path, "back"));
  await using shop = await openBuildShop({
    projects: {
      inside: inside.path,
      outside: outside.path,
      roundabout: roundabout.path,
      original: original.path,
    },
  });
  expect(outline(await shop.build("inside")).at(-1)).toBe("started ready");
  expect(failureOf(await shop.build("outside"))).toMatch(/^The link absolute leads out of the project/);
  expect(failureOf(await shop.build("roundabout"))).toMatch(/^The link around leads out of the project/);
  expect(failureOf(await shop.build("original"))).toMatch(/^The link back leads out of the project/);
});

test("a project's scripts see neither the worker's token nor the server's secrets", async () => {
  const env = { JWT_SECRET: "secret", REDIS_URL: "redis://localhost", npm_config_workspace: "examples" };
  const names = ["JOBWIRE_TOKEN", ...Object.keys(env), "PATH", "HOME", "CI"];
  await using project = await makeFolder({
    "package.json": packageJson({ test: "node test.js" }),
    "test.js": `console.log("sees", ...${JSON.stringify(names)}.filter((name) => name in process.env)); process.exit(1);`,
  });
  await using shop = await openBuildShop({ projects: { it: project.path }, env });
  expect(failureOf(await shop.build("it"))).toMatch(/: sees PATH HOME CI$/m);
});

test("the site a picture is taken of has the folder's files and nothing else", async () => {
  await using outside = await makeFolder({ "secret.txt": "secret" });
  await using folder = await makeFolder({ "index.html": "<p>hello", "with space.css": "p {}" });
  await symlink(join(outside.path, "secret.txt"), join(folder.path, "secret.txt"));
  await using site = await serveFolder(folder.path);
  expect(await (await fetch(site.url)).text()).toBe("<p>hello");
  const style = await fetch(`${site.url}with%20space.css?version=1`);
  expect(style.headers.get("content-type")).toBe("text/css");
  for (const path of ["secret.txt", "absent.html", "..%2fsecret.txt", "%E0%A4%A", "/"]) {
    expect((await fetch(`${site.url}${path}`)).status).toBe(404);
  }
});

function messagesOf(events: readonly JobStreamEvent[]): string[] {
  return events.flatMap((event) => (event.type === "build.progress" && event.message ? [event.message] : []));
}

async function findProgram(name: string): Promise<string | null> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if ((await readdir(folder).catch((): string[] => [])).includes(name)) return join(folder, name);
  }
  return null;
}
