import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { runCli, startCli } from "./run-cli.js";

/** Answers each request with the next of these. */
async function serve(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    (answers[requests.length - 1] ?? answers.at(-1))?.(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" }).write(text);
}

test("tail follows a plain stream over connections that break off to its end, with the headers it is given", async () => {
  await using server = await serve(
    (_request, response) => {
      stream(response, 'retry: 10\n\ndata: {"type":"one"}\nid: 1\n\nevent: heartbeat\ndata: {}\n\n');
      setImmediate(() => response.end());
    },
    (_request, response) => void response.writeHead(503).end(),
    (_request, response) => stream(response, 'data: {"type":"two"}\nid: 2\n\nevent: complete\ndata: {}\n\n'),
  );
  const args = ["tail", server.url, "--token", "secret", "--header", "cookie: shop=ana"];
  expect(await runCli(args, {})).toMatchObject({ code: 0, stdout: '{"type":"one"}\n{"type":"two"}\n' });
  expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "1"]);
  expect(server.requests[2]?.headers).toMatchObject({ authorization: "Bearer secret", cookie: "shop=ana" });
});

test("tail --json gives each event with its id, and 204 ends it", async () => {
  await using server = await serve(
    (_request, response) => {
      stream(response, 'retry: 10\n\ndata: {"type":"one"}\nid: 7\n\n');
      setImmediate(() => response.end());
    },
    (_request, response) => void response.writeHead(204).end(),
  );
  const { code, stdout } = await runCli(["tail", server.url, "--json"], {});
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{"id":"7","event":{"type":"one"}}\n' });
});

test("tail says what refused it: the server, nobody, or its own options", async () => {
  await using server = await serve((_request, response) => void response.writeHead(404).end());
  expect(await runCli(["tail", server.url], {})).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("404"),
  });
  expect(await runCli(["tail", "http://127.0.0.1:1"], {})).toMatchObject({ code: 3 });
  expect(await runCli(["tail", server.url, "--header", "cookie"], {})).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("name:value"),
  });
});

test("tail --json is JSON, a line for each event, whatever the stream carries", async () => {
  const data = [
    "data: hello",
    'data: {\ndata: "a":1}',
    "data: 12345678901234567890",
    'event: update\nid: 7\ndata: {"x":1}',
  ];
  await using server = await serve((_request, response) =>
    stream(response, [...data, "event: ping\ndata: 1", "event: complete\ndata: {}", ""].join("\n\n")),
  );
  expect(await runCli(["tail", server.url, "--json"])).toMatchObject({
    code: 0,
    stdout: [
      '{"id":null,"event":"hello"}',
      '{"id":null,"event":{"a":1}}',
      '{"id":null,"event":12345678901234567890}',
      '{"id":"7","name":"update","event":{"x":1}}',
      "",
    ].join("\n"),
  });
});

test("tail shows an event on one line that is no command to the terminal, and continues after an id of any letters", async () => {
  await using server = await serve(
    (_request, response) => {
      stream(response, "retry: 10\nid: ключ\ndata: \u001b[2Jone\ndata: \u202Etwo\n\n");
      setImmediate(() => response.end());
    },
    (_request, response) => stream(response, "event: complete\ndata: {}\n\n"),
  );
  expect(await runCli(["tail", server.url])).toMatchObject({ code: 0, stdout: "one  two\n" });
  expect(server.requests[1]?.headers["last-event-id"]).toBe(Buffer.from("ключ").toString("latin1"));
});

test("tail waits as long as the stream says, also longer than a timer can", async () => {
  await using server = await serve(
    (_request, response) => {
      stream(response, "retry: 99999999999\ndata: 1\n\n");
      setImmediate(() => response.end());
    },
    (_request, response) => stream(response, "event: complete\ndata: {}\n\n"),
  );
  await using patient = startCli(["tail", server.url]);
  await patient.lines.first(1);
  // Meanwhile another one comes and goes.
  expect(await runCli(["tail", `${server.url}/other`])).toMatchObject({ code: 0 });
  expect(server.requests.map(({ url }) => url)).toEqual(["/", "/other"]);
});
