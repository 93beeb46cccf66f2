import type { JobwireClient, JobwireTrpc } from "@jobwire/client";
import { expectTypeOf, test } from "vitest";

type Yielded<Stream> = Stream extends AsyncIterable<infer Item> ? Item : never;
/** What the same subscription yields through tRPC. */
type TrpcEvent<Subscribe extends (...given: never[]) => unknown> =
  Yielded<ReturnType<Subscribe>> extends {
    data: infer Data;
  }
    ? Data
    : never;

declare const client: JobwireClient;
declare const trpc: JobwireTrpc;

test("the streams of the client yield the events of the server's procedures", () => {
  const job = client.jobs.watch("1");
  expectTypeOf<Yielded<typeof job>>().toEqualTypeOf<TrpcEvent<typeof trpc.jobs.events.subscribe>>();
  const feed = client.jobs.feed();
  expectTypeOf<Yielded<typeof feed>>().toEqualTypeOf<TrpcEvent<typeof trpc.jobs.feed.subscribe>>();
  const board = client.spools.watch();
  expectTypeOf<Yielded<typeof board>>().toEqualTypeOf<TrpcEvent<typeof trpc.spools.updates.subscribe>>();
  const session = client.sessions.watch("1");
  expectTypeOf<Yielded<typeof session>>().toEqualTypeOf<TrpcEvent<typeof trpc.sessions.events.subscribe>>();
  expectTypeOf<Yielded<typeof session>>().toHaveProperty("type");
});

test("a stream takes what its procedure takes, and nothing else", () => {
  client.jobs.watch("1", { types: ["build.progress"], replay: "none", signal: new AbortController().signal });
  // @ts-expect-error there is no such type
  client.jobs.watch("1", { types: ["build.nothing"] });
  // @ts-expect-error a feed is of all jobs
  client.jobs.feed({ jobId: "1" });
});
