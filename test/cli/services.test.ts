import { stripVTControlCharacters } from "node:util";
import { decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect } from "@jobwire/client/testing";
import { newFolder } from "../support/new-folder.js";
import { startTestServer, testSecret, type TestServer } from "../support/test-server.js";
import { runCli, startCli } from "./run-cli.js";

let server: TestServer;
let user: { readonly url: string; readonly token: string };
let service: { readonly url: string; readonly token: string };
beforeAll(async () => {
  server = await startTestServer();
  user = { url: server.url, token: await server.token("ana") };
  service = { url: server.url, token: await server.token("erp", "service") };
});
afterAll(() => server[Symbol.asyncDispose]());

describe("spools", () => {
  test("are registered and taken, and the board shows it", async () => {
    const registered = await runCli(["spools", "register", "MK-1", "En cola"], service);
    expect(registered).toMatchObject({ code: 0, stdout: "MK-1  available  -  En cola\n" });
    const taken = await runCli(["spools", "tomar", "MK-1", "Ana"], user);
    expect(taken.stdout).toBe("MK-1  taken  Ana  En cola\n");
    const refused = await runCli(["spools", "tomar", "MK-1", "Bo"], user);
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("SPOOL_OCCUPIED") });
    await server.client(service.token).spools.register.mutate({ tagSpool: "MK-2" });
    const board = await runCli(["spools"], { ...user, env: { NO_COLOR: "", FORCE_COLOR: "1" } });
    expect(stripVTControlCharacters(board.stdout)).toBe(
      "MK-1  taken      Ana  En cola\nMK-2  available  -\n",
    );
    expect(board.stdout).toContain("\u001b[32mavailable");
    expect((await runCli(["spools", "list", "--available"], user)).stdout).toBe("MK-2  available  -\n");
  });

  test("are changed, completed and released", async () => {
    await server.client(service.token).spools.register.mutate({ tagSpool: "MK-4" });
    await server.client(user.token).spools.tomar.mutate({ tagSpool: "MK-4", workerNombre: "Ana" });
    await runCli(["spools", "state", "MK-4", "Soldando"], user);
    const completed = await runCli(["spools", "completar", "MK-4", "Ana"], user);
    expect(completed.stdout).toBe("MK-4  completed  Ana  Soldando\n");
    const released = await runCli(["spools", "pausar", "MK-4", "Ana", "--json"], user);
    expect(JSON.parse(released.stdout)).toMatchObject({ tagSpool: "MK-4", workerNombre: null });
  });

  test("watch shows every change as a line, and as JSON with an id to continue after", async () => {
    await runCli(["spools", "register", "MK-3"], service);
    await using cli = startCli(["spools", "watch"], user);
    await cli.lines.until((line) => line.includes("MK-3"));
    await runCli(["spools", "tomar", "MK-3", "Eva"], user);
    await cli.lines.until((line) => line.endsWith("  MK-3  TOMAR  Eva"));
    cli.process.kill("SIGTERM");
    expect((await cli.result).code).toBe(130);
    await using json = startCli(["spools", "watch", "--json"], user);
    const line = await json.lines.until((text) => text.includes('"TOMAR"') && text.includes("MK-3"));
    expect(JSON.parse(line)).toMatchObject({ id: expect.stringMatching(/:\d+$/), workerNombre: "Eva" });
  });
});

describe("sessions", () => {
  test("get messages and versions, and the command prints how many did", async () => {
    const client = server.client(user.token);
    using stream = collect(client.sessions.events.subscribe({ requestId: "tab-1" }));
    await stream.until(({ data }) => data.type === "session.opened");
    const sent = await runCli(["send", "toast", '{"text":"hi"}', "--session", "tab-1"], service);
    expect(sent).toMatchObject({ code: 0, stdout: "1\n" });
    await runCli(["send", "banner", "-"], { ...service, stdin: '["a"]' });
    await runCli(["announce", "1.4.0", "--changelog", "Faster"], service);
    await stream.until(({ data }) => data.type === "version.announced" && data.version === "1.4.0");
    const events = stream.events.map(({ data }) => data);
    expect(events).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ type: "session.message", name: "toast", data: { text: "hi" } }),
        expect.objectContaining({ type: "session.message", name: "banner", data: ["a"] }),
        expect.objectContaining({ type: "version.announced", changelog: "Faster", pending: true }),
      ]),
    );
  });

  test("are for services to send to: a user is refused with 4", async () => {
    const { code, stderr } = await runCli(["send", "reload"], user);
    expect(code).toBe(4);
    expect(stderr).toContain("ROLE_REQUIRED");
  });
});

describe("token", () => {
  test("comes from a development server, for whom it is asked", async () => {
    const code = "the-code-of-this-test";
    await using development = await startTestServer({ JWT_SECRET: "", JOBWIRE_DEV_CODE: code });
    const { url } = development;
    const asking = ["token", "--sub", "eve", "--role", "service"];
    const refused = await runCli(asking, { url });
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("--code");
    const { stdout } = await runCli([...asking, "--code", code], { url });
    expect(decodeJwt(stdout.trim())).toMatchObject({ sub: "eve", role: "service" });
    expect(await runCli(["spools"], { url, token: stdout.trim() })).toMatchObject({ code: 0 });
  });

  test("is signed here with the secret of the server", async () => {
    const { stdout } = await runCli(["token", "--sub", "ops"], { env: { JWT_SECRET: testSecret } });
    const { payload } = await jwtVerify(stdout.trim(), new TextEncoder().encode(testSecret));
    expect(payload).toMatchObject({ sub: "ops", role: "user" });
    expect(await runCli(["spools"], { url: server.url, token: stdout.trim() })).toMatchObject({ code: 0 });
  });

  test("of a server that makes none is refused, and what to do is said", async () => {
    const { code, stderr } = await runCli(["token"], { url: server.url });
    expect(code).toBe(4);
    expect(stderr).toContain("Sign one with its JWT_SECRET");
  });
});

describe("serve", () => {
  test("starts a server that answers, and Ctrl-C ends it with 0", async () => {
    await using cli = startCli(["serve", "--port", "0", "--data", "off"], {
      env: { LOG_LEVEL: "silent" },
    });
    const line = await cli.lines.until((text) => text.startsWith("Jobwire listens on"));
    const url = line.split(" ").at(-1) ?? "";
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    await cli.lines.until((text) => text.includes(`jobwire token --url ${url}`));
    cli.process.kill("SIGINT");
    expect((await cli.result).code).toBe(0);
  });

  test("keeps everything in a folder, which a second one does not open", async () => {
    const folder = await newFolder();
    const serve = ["serve", "--port", "0", "--data", folder];
    await using cli = startCli(serve, { env: { LOG_LEVEL: "silent" } });
    await cli.lines.until((text) => text.includes(`store  ${folder}`));
    const second = await runCli(serve);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(
      `The data folder ${folder} cannot be used: process ${cli.process.pid} has it open.`,
    );
    cli.process.kill("SIGINT");
    expect((await cli.result).code).toBe(0);
  });

  test("is one process, and says so to who asks for several", async () => {
    const env = { JOBWIRE_PROCESSES: "2", REDIS_URL: "redis://127.0.0.1:1" };
    const { code, stderr } = await runCli(["serve", "--port", "0"], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("jobwire-server");
  });

  test("names what is wrong with its configuration and ends with 2", async () => {
    const { code, stderr } = await runCli(["serve", "--port", "high"]);
    expect(code).toBe(2);
    expect(stderr).toContain("PORT");
  });
});
