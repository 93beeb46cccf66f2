import fc from "fast-check";
import { expect, test } from "vitest";
import { openStream } from "../sse/support/wire-stream.js";
import { newRequestId } from "../support/session-steps.js";
import { startTestServer } from "../support/test-server.js";

/** A session follows several topics, so its ids have several places. */
test("whatever id a session comes back with, it is opened, or refused as the client's fault", async () => {
  await using server = await startTestServer({ SSE_MAX_CONNECTIONS_PER_USER: "1000" });
  const user = await server.newUser();
  const requestId = newRequestId();
  const url = `${server.url}/api/sse/stream?request_id=${requestId}`;
  const open = (headers: Record<string, string> = {}) =>
    openStream(url, { headers: { authorization: `Bearer ${user.token}`, ...headers } });
  using first = await open();
  const ids = (await first.first(2)).map(({ id = "" }) => id);
  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  const cut = fc
    .tuple(fc.constantFrom(...ids), fc.nat(80), fc.nat(3), printable)
    .map(([id, at, length, text]) => id.slice(0, at) + text + id.slice(at + length));
  const numbers = fc
    .tuple(fc.constantFrom(...ids), fc.constantFrom("-1", "01", "9".repeat(15), "9".repeat(40), ""))
    .map(([id, number]) => id.replace(/:\d+/, `:${number}`));
  const anyId = fc.oneof(
    cut,
    numbers,
    printable,
    fc.constantFrom(...ids, "x".repeat(5000), "0123456789abcdef0123:9"),
  );
  await fc.assert(
    fc.asyncProperty(anyId, async (id) => {
      using stream = await open({ "last-event-id": id });
      expect([200, 400]).toContain(stream.status);
      if (stream.status === 200) {
        const [frame] = await stream.first(1);
        expect(JSON.parse(frame?.data ?? "")).toMatchObject({ type: "session.opened", requestId });
      }
    }),
    { numRuns: 60 },
  );
  const health = await fetch(`${server.url}/healthz`);
  expect(health.status).toBe(200);
});
