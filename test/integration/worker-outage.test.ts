import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Inbox } from "../support/collect.js";
import { startTestServer } from "../support/test-server.js";
import { failureOf, Gate, openWorkshop, outline, outlineOfStages, stages } from "./worker-fixture.js";

type Fate = "forward" | "refuse" | "lose the answer";

/** Stands between a worker and its server. */
interface Obstacle extends AsyncDisposable {
  readonly url: string;
  /** Procedures whose requests it has refused so far. */
  readonly refused: Inbox<string>;
  /** Procedures whose answers, or beginnings of answers, it has passed on so far. */
  readonly answered: Inbox<string>;
  /** What happens to requests from now on. Refusing breaks open connections too. */
  decide(fateOf: (procedure: string) => Fate): void;
}

async function startObstacle(target: string): Promise<Obstacle> {
  const refused = new Inbox<string>();
  const answered = new Inbox<string>();
  let fateOf: (procedure: string) => Fate = () => "forward";
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "/";
    const procedure = path.replace(/^\/trpc\//, "").replace(/\?.*/, "");
    const fate = fateOf(procedure);
    if (fate === "refuse") {
      refused.push(procedure);
      incoming.destroy();
      return;
    }
    const { method = "GET", headers } = incoming;
    const forwarded = request(`${target}${path}`, { method, headers }, (answer) => {
      if (fate === "lose the answer") {
        answer.resume().once("end", () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
      answered.push(procedure);
    });
    forwarded.once("error", () => outgoing.destroy());
    outgoing.once("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    refused,
    answered,
    decide(decision) {
      fateOf = decision;
      server.closeAllConnections();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("an answer that is lost costs no job and repeats no stage and no event", async () => {
  await using server = await startTestServer();
  await using obstacle = await startObstacle(server.url);
  const shop = await openWorkshop(server);
  const requests = new Map<string, number>();
  obstacle.decide((procedure) => {
    if (!["work.claim", "jobs.transition", "jobs.publish"].includes(procedure)) return "forward";
    const count = (requests.get(procedure) ?? 0) + 1;
    requests.set(procedure, count);
    return count % 2 === 1 ? "lose the answer" : "forward";
  });
  const performed: string[] = [];
  await using _worker = shop.startWorker(
    () =>
      stages({
        scaffold: () => void performed.push("scaffold"),
        async checks({ attempt, publish }) {
          performed.push("checks");
          if (attempt === 1) throw new Error("red");
          await publish({ type: "documentation.updated", section: "api", title: "API", markdown: "" });
        },
      }),
    { url: obstacle.url, retries: 1 },
  );
  const events = await shop.eventsOf(await shop.createJob());
  expect(outline(events).slice(4)).toEqual([
    ...outlineOfStages(),
    ...outlineOfStages(["scaffold", "code", "deps"]),
    "started checks",
    "documentation.updated",
    "completed checks",
    "started ready",
  ]);
  expect(performed).toEqual(["scaffold", "checks", "scaffold", "checks"]);
});

test("a server that is away for less than the lease delays a job and no more", async () => {
  await using server = await startTestServer();
  await using obstacle = await startObstacle(server.url);
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using _worker = shop.startWorker(() => stages({ code: gate.stage }), { url: obstacle.url });
  const jobId = await shop.createJob();
  await gate.entered;
  obstacle.decide(() => "refuse");
  gate.open();
  await obstacle.refused.until((procedure) => procedure === "jobs.transition");
  obstacle.decide(() => "forward");
  expect(outline(await shop.eventsOf(jobId)).slice(4)).toEqual([...outlineOfStages(), "started ready"]);
});

test("a server that is away for longer aborts the stage, and the worker goes on once it is back", async () => {
  await using server = await startTestServer();
  await using obstacle = await startObstacle(server.url);
  const shop = await openWorkshop(server);
  const gate = new Gate();
  await using _worker = shop.startWorker(
    ({ id }) => (id === lost ? stages({ code: gate.stage }) : stages()),
    {
      url: obstacle.url,
      leaseMs: 1000,
    },
  );
  const lost = await shop.createJob();
  const { signal } = await gate.entered;
  obstacle.decide(() => "refuse");
  await once(signal, "abort");
  gate.open();
  const meanwhile = await shop.createJob();
  obstacle.decide(() => "forward");
  expect(outline(await shop.eventsOf(meanwhile)).at(-1)).toBe("started ready");
  expect(failureOf(await shop.eventsOf(lost))).toMatch(/\blease\b/);
});

test("a worker that cannot open its stream finds jobs by asking", async () => {
  await using server = await startTestServer();
  await using obstacle = await startObstacle(server.url);
  const shop = await openWorkshop(server);
  obstacle.decide((procedure) => (procedure === "work.watch" ? "refuse" : "forward"));
  await using _worker = shop.startWorker(() => stages(), { url: obstacle.url, pollMs: 50 });
  await obstacle.refused.until((procedure) => procedure === "work.watch");
  expect(outline(await shop.eventsOf(await shop.createJob())).at(-1)).toBe("started ready");
});

test("a worker that cannot ask hears of new jobs by its stream", async () => {
  await using server = await startTestServer();
  await using obstacle = await startObstacle(server.url);
  const shop = await openWorkshop(server);
  obstacle.decide((procedure) => (procedure === "work.waiting" ? "refuse" : "forward"));
  await using _worker = shop.startWorker(() => stages(), { url: obstacle.url });
  await obstacle.answered.until((procedure) => procedure === "work.watch");
  expect(outline(await shop.eventsOf(await shop.createJob())).at(-1)).toBe("started ready");
});
