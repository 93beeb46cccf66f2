import { mkdtempSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, PipelineRun, StageContext } from "@jobwire/client/worker";
import { commandEnvironment } from "./command-environment.js";
import { copyFolder } from "./copy-folder.js";
import { describeProject } from "./documentation.js";
import { hasLockFile, namesDependencies, readNpmPackage } from "./npm-package.js";
import { takeSnapshot } from "./snapshot.js";
import { formatFiles, hashFiles, listFiles } from "./source-files.js";

/** Builds one npm project in a temporary copy of its folder; the original is only read. */
export class ProjectBuild implements PipelineRun {
  readonly #original: string;
  readonly #workspace = mkdtempSync(join(tmpdir(), "jobwire-build-"));
  #sources = "";

  /** @param original the project's folder */
  constructor(original: string) {
    this.#original = original;
  }

  /** Copies the project. */
  async scaffold({ progress, signal }: StageContext): Promise<void> {
    await readNpmPackage(this.#original);
    await rm(this.#workspace, { recursive: true });
    await mkdir(this.#workspace, { mode: 0o700 });
    await copyFolder({
      from: this.#original,
      to: this.#workspace,
      signal,
      onCopied: (done, total) => progress((100 * done) / total, `Copied ${done} of ${total} files`),
    });
  }

  /** Takes stock of the sources. */
  async code({ progress, signal }: StageContext): Promise<void> {
    const files = await listFiles(this.#workspace);
    const sha256 = await hashFiles({
      folder: this.#workspace,
      files,
      signal,
      onHashed: (done, path) => progress((100 * done) / files.length, path),
    });
    this.#sources = `${formatFiles(files)}, sha256 ${sha256}`;
    progress(100, `Hashed ${formatFiles(files)}`);
  }

  /** Installs what package.json names. */
  async deps({ progress, run }: StageContext): Promise<void> {
    if (!namesDependencies(await readNpmPackage(this.#workspace))) {
      progress(100, "Skipped: package.json names no dependencies");
      return;
    }
    const command = (await hasLockFile(this.#workspace)) ? "ci" : "install";
    await run(this.#npm(command, "--no-audit", "--no-fund"));
    progress(100, `npm ${command} has ended`);
  }

  /** Runs the project's own build and test, then shows what came of them. */
  async checks({ progress, publish, run, signal }: StageContext): Promise<void> {
    const npmPackage = await readNpmPackage(this.#workspace);
    const scripts = ["build", "test"].filter((name) => name in npmPackage.scripts);
    for (const script of scripts) await run(this.#npm("run", script));
    const passed = scripts.map((script) => `npm run ${script}`).join(" and ");
    progress(
      100,
      passed ? `Passed: ${passed}` : "Nothing to check: package.json has no build and no test script",
    );
    await publish(await takeSnapshot({ folder: this.#workspace, name: npmPackage.name, signal }));
    await publish(await describeProject({ folder: this.#workspace, npmPackage, sources: this.#sources }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#workspace, { recursive: true, force: true, maxRetries: 3 });
  }

  #npm(...args: readonly string[]): Command {
    return {
      file: "npm",
      args,
      cwd: this.#workspace,
      env: commandEnvironment(process.env),
      timeoutMs: commandTimeoutMs,
    };
  }
}

/** A test that waits for input, say, must not hold the worker for ever. */
const commandTimeoutMs = 15 * 60_000;
