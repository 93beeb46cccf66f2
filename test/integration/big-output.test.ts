import { expect, test } from "vitest";
import { startTestServer } from "../support/test-server.js";
import { openWorkshop, stages } from "./worker-fixture.js";

test(
  "a line of 20 MB and bytes that are no text are taken, bounded to what is kept, and hold up nobody",
  { timeout: 90_000 },
  async () => {
    await using server = await startTestServer();
    const shop = await openWorkshop(server);
    const program = `
    const write = (data) => new Promise((resolve) => process.stdout.write(data, resolve));
    (async () => {
      await write("x".repeat(20_000_000) + "\\n");
      await write(Buffer.from(Array.from({ length: 65536 }, (_, index) => index % 256)));
      await write("\\nthe end\\n");
    })();
  `;
    await using _worker = shop.startWorker(() =>
      stages({ code: ({ run }) => run({ file: process.execPath, args: ["-e", program] }) }),
    );
    const jobId = await shop.createJob();
    // Others are answered meanwhile.
    const other = await server.newUser();
    await other.client.jobs.create.mutate({});
    expect((await shop.eventsOf(jobId)).at(-1)).toMatchObject({ outcome: "ready" });
    const headers = { authorization: `Bearer ${await server.token("any", "service")}` };
    const text = await (await fetch(`${server.url}/api/jobs/${jobId}/output.txt`, { headers })).text();
    expect(text).toMatch(/^\[\d+ characters, up to line \d+, are no longer kept\]\n/);
    expect(text.endsWith("\nthe end\n")).toBe(true);
    expect(text.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThan(4_194_304 + 100);
  },
);
