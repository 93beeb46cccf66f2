import { randomUUID } from "node:crypto";
import { openTelemetry } from "@jobwire/server/otel";
import { openJobwire, type JobwireStore } from "@jobwire/server/topics";
import { defineTopic, traceparentOf } from "@jobwire/shared";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { openStream } from "../sse/support/wire-stream.js";
import { startTestServer } from "../support/test-server.js";
import { describeOnEachTopicStore } from "../topics/stores.js";

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
});
beforeEach(() => exporter.reset());
afterAll(() => {
  trace.disable();
  context.disable();
});

const note = defineTopic("note", {
  key: z.object({ noteId: z.string() }),
  events: { "note.written": z.object({ text: z.string().min(1) }) },
  state: z.object({ text: z.string() }),
  apply: (_state, { text }) => ({ text }),
});

async function openNotes(store: JobwireStore, isTraced = true) {
  const jobwire = await openJobwire({ store, ...(isTraced && { telemetry: openTelemetry() }) });
  return { jobwire, notes: jobwire.topic(note), [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose]() };
}

/** Runs it as the work of a service that is traced. @returns the `traceparent` of it. */
async function within(name: string, run: () => Promise<unknown>): Promise<string> {
  return trace.getTracer("service").startActiveSpan(name, async (span) => {
    await run();
    span.end();
    const { traceId, spanId } = span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  });
}

/** What has been traced so far of this name. */
function spans(name: string) {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

async function untilSpan(name: string) {
  await expect.poll(() => spans(name)).not.toEqual([]);
  const [span] = spans(name);
  if (!span) throw new Error(`There is no ${name}.`);
  const { traceId, spanId, traceFlags } = span.spanContext();
  const parent = span.parentSpanContext?.spanId;
  return { span, parent, spanId, traceparent: `00-${traceId}-${spanId}-0${traceFlags}`, traceId };
}

async function firstOf<Event>(stream: AsyncIterable<readonly [string, Event, ...unknown[]]>): Promise<Event> {
  for await (const [, event] of stream) return event;
  throw new Error("The stream ended.");
}

describeOnEachTopicStore("what a traced service publishes", (newStore) => {
  test("is one trace: its call, the commit, and the delivery to streams; the event says whose it is", async () => {
    await using opened = await openNotes(newStore());
    const { notes } = opened;
    const key = { noteId: randomUUID() };
    const reading = firstOf(notes.stream(key));
    const traceparent = await within("checkout", () =>
      notes.publish(key, { type: "note.written", text: "milk" }),
    );
    const event = await reading;
    expect(event).toMatchObject({ type: "note.written", text: "milk" });
    expect(traceparentOf(event)).toBe(traceparent);
    const checkout = await untilSpan("checkout");
    const publish = await untilSpan("jobwire.publish");
    const commit = await untilSpan("jobwire.commit");
    const deliver = await untilSpan("jobwire.deliver");
    expect(publish.parent).toBe(checkout.spanId);
    expect(commit.parent).toBe(publish.spanId);
    expect(deliver.parent).toBe(checkout.spanId);
    expect(new Set([checkout, publish, commit, deliver].map(({ traceId }) => traceId)).size).toBe(1);
    expect(publish.span.attributes).toEqual({ "jobwire.topic": "note" });
    expect(deliver.span.attributes).toMatchObject({ "jobwire.type": "note.written" });
    // It is kept with the event: who comes later sees it too.
    expect(traceparentOf(await firstOf(notes.stream(key)))).toBe(traceparent);
    expect(await notes.state(key)).toEqual({ text: "milk" });
  });

  test("and what nobody traces says nothing of a trace", async () => {
    await using opened = await openNotes(newStore());
    const key = { noteId: randomUUID() };
    const reading = firstOf(opened.notes.stream(key));
    await opened.notes.publish(key, { type: "note.written", text: "milk" });
    expect(Object.keys(await reading).toSorted()).toEqual(["noteId", "text", "timestamp", "type"]);
    const publish = await untilSpan("jobwire.publish");
    expect(publish.parent).toBeUndefined();
    expect((await untilSpan("jobwire.commit")).parent).toBe(publish.spanId);
    expect(spans("jobwire.deliver")).toEqual([]);
  });

  test("and without telemetry nothing is traced, whoever publishes", async () => {
    await using opened = await openNotes(newStore(), false);
    const key = { noteId: randomUUID() };
    const reading = firstOf(opened.notes.stream(key));
    await within("checkout", () => opened.notes.publish(key, { type: "note.written", text: "milk" }));
    expect(traceparentOf(await reading)).toBeUndefined();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["checkout"]);
  });

  test("a call that is refused is a span with its error", async () => {
    await using opened = await openNotes(newStore());
    const publishing = opened.notes.publish({ noteId: "1" }, { type: "note.written", text: "" });
    await expect(publishing).rejects.toThrow("text");
    const { span } = await untilSpan("jobwire.publish");
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans("jobwire.commit")).toEqual([]);
  });
});

describe("a server with TRACING", () => {
  const outside = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

  test("continues the trace of a service in another language, up to the event in the stream", async () => {
    await using server = await startTestServer({ TRACING: "on" });
    const { token } = await server.newService();
    const call = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { ...headers, traceparent: outside },
        body: JSON.stringify(body),
      });
      return (await response.json()) as { id: string };
    };
    const { id: jobId } = await call("/api/jobs", {});
    using stream = await openStream(`${server.url}/api/jobs/${jobId}/events/stream`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const event = { type: "build.progress", stage: "queued", percent: 1 };
    await call(`/api/jobs/${jobId}/events`, { event });
    await call("/trpc/jobs.publish", { jobId, event: { ...event, percent: 2 } });
    await stream.until(({ data }) => data?.includes('"percent":2') === true);
    const traceparents = stream.frames.flatMap(({ data = "" }) =>
      data.includes("build.") ? [traceparentOf(JSON.parse(data) as object)] : [],
    );
    expect(traceparents).toEqual([outside, outside, outside]);
    const deliver = await untilSpan("jobwire.deliver");
    expect(deliver.traceId).toBe("a".repeat(32));
    expect(deliver.parent).toBe("b".repeat(16));
    expect((await untilSpan("jobwire.publish")).parent).toBe("b".repeat(16));
  });

  test("traces a stream that comes back, in the trace of its client", async () => {
    await using server = await startTestServer({ TRACING: "on" });
    const { token, client } = await server.newUser();
    const { id: jobId } = await client.jobs.create.mutate({});
    const url = `${server.url}/api/jobs/${jobId}/events/stream`;
    const headers = { authorization: `Bearer ${token}`, traceparent: outside };
    using first = await openStream(url, { headers });
    const { id = "" } = await first.until(({ data }) => data?.includes("queued") === true);
    expect(spans("jobwire.reconnect")).toEqual([]);
    using _again = await openStream(url, { headers: { ...headers, "last-event-id": id } });
    const reconnect = await untilSpan("jobwire.reconnect");
    expect(reconnect.parent).toBe("b".repeat(16));
    expect(reconnect.span.attributes).toEqual({ "jobwire.service": "jobs" });
  });

  test("takes no trace from a header that is none", async () => {
    await using server = await startTestServer({ TRACING: "on" });
    const { token } = await server.newUser();
    const response = await fetch(`${server.url}/api/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, traceparent: `00-${"0".repeat(32)}-${"b".repeat(16)}-01` },
    });
    expect(response.status).toBe(201);
    expect((await untilSpan("jobwire.publish")).parent).toBeUndefined();
  });
});
