import { randomUUID } from "node:crypto";
import { useSpools } from "@jobwire/client/react";
import type { SpoolStreamEvent } from "@jobwire/shared";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSpoolBoard, unknownBoard } from "../../client/src/live/spool-board.js";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { createCountingClient } from "./support/counting-client.js";
import { renderWithClient, waitFor } from "./support/render.js";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

test("the board equals the list, whatever happened before and while it is watched", async () => {
  const { client, token } = await server.newUser();
  const { client: service } = await server.newService();
  const tagSpool = `MK-${randomUUID()}`;
  await service.spools.register.mutate({ tagSpool, estadoDetalle: "cut" });
  await client.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });

  const watching = createCountingClient({ url: server.url, token });
  const { result } = renderWithClient(watching.client, useSpools, undefined);
  expect(result.current.spools).toBeNull();
  const spool = () => result.current.spools?.find((item) => item.tagSpool === tagSpool);
  await waitFor(() => expect(spool()).toMatchObject({ workerNombre: "Ana", completed: false }));

  await client.spools.completar.mutate({ tagSpool, workerNombre: "Ana" });
  await waitFor(() => expect(spool()).toMatchObject({ workerNombre: "Ana", completed: true }));
  await client.spools.pausar.mutate({ tagSpool, workerNombre: "Ana" });
  await waitFor(() => expect(spool()).toMatchObject({ workerNombre: null, completed: false }));

  expect(result.current.spools).toEqual(await client.spools.list.query());
  expect(watching.opened).toEqual(["spools.updates"]);
});

test("events of types that only a newer server knows change nothing", () => {
  const updatedAt = new Date(0);
  const spool = { tagSpool: "MK-1", workerNombre: "Ana", estadoDetalle: "cut", completed: true, updatedAt };
  const eventOf = (data: object) => ({
    kind: "event" as const,
    event: { id: "e:1", data: { timestamp: new Date(), ...data } as SpoolStreamEvent },
  });
  const { reduce } = createSpoolBoard({
    subscribe: () => ({ unsubscribe() {} }),
    load: async () => [],
  });
  const board = reduce(unknownBoard, [
    { kind: "loaded", loaded: [spool] },
    eventOf({ type: "ETIQUETAR", tagSpool: "MK-1", color: "red" }),
    eventOf({ type: "ETIQUETAR", tagSpool: "MK-2", color: "red" }),
    eventOf({ type: "BOARD_RENAMED" }),
  ]);
  expect(board.spools).toEqual([spool]);
});
