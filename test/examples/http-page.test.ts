import { execFile, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { newFolder } from "../support/new-folder.js";
import { serverProgram, spawnProcess, startProcess } from "../support/server-process.js";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";

/** The programs of docs/http.md, as they stand there. */

const run = promisify(execFile);
const page = await readFile(fileURLToPath(new URL("../../docs/http.md", import.meta.url)), "utf8");
const token = await signTestToken({ sub: "billing", role: "service" });

function blocksOf(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(
    ([, block = ""]) => block,
  );
}

async function write(name: string, text: string): Promise<string> {
  const path = join(await newFolder(), name);
  await writeFile(path, text);
  return path;
}

/** Skipped where the machine does not have the language. */
function has(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

describe.runIf(has("curl", "--version"))("curl", () => {
  test("creates a job, publishes two events at once, follows it to its end and is told why it is refused", async () => {
    await using server = await startTestServer();
    const program = await write("main.sh", `set -euo pipefail\n${blocksOf("sh").join("\n")}`);
    const { stdout, stderr } = await run("bash", [program], {
      env: { PATH: process.env.PATH, JOBWIRE_URL: server.url, JOBWIRE_TOKEN: token },
    });
    expect(stderr).toBe("");
    const events = [...stdout.matchAll(/^data: (\{"type".*\})$/gm)].map(
      ([, text = ""]) => JSON.parse(text) as { type: string; stage?: string },
    );
    expect(events.map(({ type, stage }) => `${type} ${stage ?? ""}`)).toEqual([
      "build.stage.started queued",
      "build.stage.completed queued",
      "build.stage.started starting",
      "build.progress starting",
      "documentation.updated ",
      "build.stage.completed starting",
      "build.stage.started failed",
    ]);
    expect(stdout).toMatch(/event: complete\ndata: \{\}\n/);
    expect(stdout).toMatch(/^\{"id":"\w+:5","ids":\["\w+:4","\w+:5"\]\}/);
    expect(stdout).toMatch(/\{"error":\{"code":"CONFLICT","reason":"TRANSITION_INVALID","message":".*"\}\}$/);
  });
});

describe.runIf(has("python3", "--version"))("Python", () => {
  test("publishes and follows in twenty lines of its standard library", () => {
    const [client = ""] = blocksOf("python");
    const lines = client.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import "));
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  test("goes on after the server was killed and started again: every event once, in order", async () => {
    const program = await write("main.py", blocksOf("python").join("\n"));
    const [folder, env] = [await newFolder(), { JWT_SECRET: testSecret }];
    await using killed = await startProcess(process.execPath, [...serverProgram, "--data", folder], env);
    const variables = { JOBWIRE_URL: killed.url, JOBWIRE_TOKEN: token };
    await using python = spawnProcess("python3", [program], variables);
    await python.until((line) => line === "build.progress 20");
    killed.send("SIGKILL");
    await killed.exited;
    await using _again = await startProcess(process.execPath, [...serverProgram, "--data", folder], {
      ...env,
      PORT: new URL(killed.url).port,
    });
    expect(await python.exited).toBe(0);
    expect(python.lines.filter((line) => line !== "")).toEqual([
      "build.stage.started Queued...",
      "build.stage.completed None",
      "build.stage.started Starting...",
      ...Array.from({ length: 21 }, (_, step) => `build.progress ${step * 5}`),
      "build.stage.completed None",
      "build.stage.started That is all.",
    ]);
  });

  test("ends with the server's words when it is refused", async () => {
    await using server = await startTestServer();
    const { token: user } = await server.newUser();
    const program = await write("main.py", blocksOf("python").join("\n"));
    await using python = spawnProcess("python3", [program], { JOBWIRE_URL: server.url, JOBWIRE_TOKEN: user });
    expect(await python.until((line) => line.startsWith("RuntimeError"))).toContain("ROLE_REQUIRED");
  });
});

test.runIf(has("go", "version"))("Go follows a job to its end", async () => {
  await using server = await startTestServer();
  const program = await write("main.go", blocksOf("go").join("\n"));
  const { stdout } = await run("go", ["run", program], {
    env: { ...process.env, JOBWIRE_URL: server.url, JOBWIRE_TOKEN: token },
  });
  expect(stdout.trim().split("\n")).toHaveLength(5);
});
