import { SignJWT } from "jose";
import { expect } from "vitest";
import { watchJob } from "../../support/collect.js";
import { startTestServer, testSecret, type TestServer } from "../../support/test-server.js";
import { beginStream, eventFrame, startScriptedServer } from "../support/scripted-server.js";
import type { LinkUnderTest } from "./link-under-test.js";
import type { Scenario } from "./scenario.js";

export const tokenScenarios: readonly Scenario[] = [
  {
    title: "a token that expires in the middle of a stream: it goes on with a fresh one",
    async run(link) {
      await using server = await startTestServer();
      const { stream, finishJob } = await watchPastExpiry(link, server);
      await stream.until(({ type }) => type === "build.stage.started");
      await finishJob();
      expect((await stream.completed()).map(({ type }) => type)).toEqual([
        "build.stage.started",
        "build.stage.completed",
        "build.stage.started",
      ]);
    },
    stock: {
      instead: "connects again with the old token and stops with `UNAUTHORIZED`",
      async run(link) {
        await using server = await startTestServer();
        const { stream } = await watchPastExpiry(link, server);
        expect((await stream.error()).data?.code).toBe("UNAUTHORIZED");
      },
    },
  },
  {
    title: "a token that is refused: a fresh one is asked for once, then `UNAUTHORIZED` is reported",
    async run(link) {
      await using server = await startTestServer();
      const { token, client } = await server.newUser();
      const { id: jobId } = await client.jobs.create.mutate({});
      const given = ["stale", token];
      using renewed = watchJob(
        link.client(server.url, () => given.shift() ?? ""),
        { jobId },
      );
      await renewed.first(1);
      let asked = 0;
      using refused = watchJob(
        link.client(server.url, () => `stale-${++asked}`),
        { jobId },
      );
      expect((await refused.error()).data).toMatchObject({ code: "UNAUTHORIZED", reason: "TOKEN_INVALID" });
      expect(asked).toBe(2);
    },
    stock: {
      instead: "reports it at once",
      async run(link) {
        await using server = await startTestServer();
        let asked = 0;
        using refused = watchJob(
          link.client(server.url, () => `stale-${++asked}`),
          { jobId: "any" },
        );
        expect((await refused.error()).data).toMatchObject({ code: "UNAUTHORIZED", reason: "TOKEN_INVALID" });
        expect(asked).toBe(1);
      },
    },
  },
  {
    title: "neither token nor cursor is ever in a URL, where logs would keep it",
    async run(link) {
      const urls = await urlsOfTwoAttempts(link);
      for (const url of urls) expect(decodeURIComponent(url)).not.toMatch(/secret|a:1/);
    },
    stock: {
      instead: "the token is in every URL (`connectionParams`)",
      async run(link) {
        const urls = await urlsOfTwoAttempts(link);
        for (const url of urls) expect(decodeURIComponent(url)).toMatch(/secret/);
      },
    },
  },
];

/** A stream that begins with a token of a second's life; later tokens live on. */
async function watchPastExpiry(link: LinkUnderTest, server: TestServer) {
  const owner = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  const tokens = [await shortLived(owner.sub)];
  const stream = watchJob(
    link.client(server.url, () => tokens.shift() ?? owner.token),
    { jobId },
  );
  await stream.connected();
  await stream.reconnecting();
  const finishJob = () => service.client.jobs.transition.mutate({ jobId, to: "failed" });
  return { stream, finishJob };
}

function shortLived(sub: string): Promise<string> {
  return new SignJWT({ role: "user" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime(new Date(Date.now() + 2000))
    .sign(new TextEncoder().encode(testSecret));
}

async function urlsOfTwoAttempts(link: LinkUnderTest): Promise<string[]> {
  await using server = await startScriptedServer((index, response) => {
    beginStream(response);
    response.write(eventFrame(index + 1), () => {
      if (index === 0) response.destroy();
    });
  });
  const client = link.client(server.url, () => "secret");
  using stream = watchJob(client, { jobId: "any" });
  await stream.first(2);
  return server.requests.map(({ url }) => url);
}
