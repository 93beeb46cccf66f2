/**
 * Traces. Needs the optional peer `@opentelemetry/api`.
 * @module @jobwire/server/otel
 */
import {
  context,
  createContextKey,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from "@opentelemetry/api";
import type { Telemetry } from "../store/telemetry.js";

export type { Telemetry } from "../store/telemetry.js";

const publisherKey = createContextKey("jobwire publisher");

/**
 * Spans of what Jobwire does, for the OpenTelemetry SDK that the process has started: `jobwire.publish`, `jobwire.commit`,
 * `jobwire.deliver`, `jobwire.reconnect`. To be given to `openJobwire` or `startServer`.
 */
export function openTelemetry(): Telemetry {
  const tracer = trace.getTracer("@jobwire/server");

  function run<Result>(
    name: string,
    { kind, attributes, within }: { kind: SpanKind; attributes: Attributes; within: Context },
    work: () => Promise<Result>,
  ): Promise<Result> {
    return tracer.startActiveSpan(name, { kind, attributes }, within, async (span) => {
      try {
        return await work();
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  }

  return {
    publishing(topic, work) {
      const within = context.active().setValue(publisherKey, traceparentOf(context.active()) ?? null);
      const attributes = { "jobwire.topic": topic };
      return run("jobwire.publish", { kind: SpanKind.PRODUCER, attributes, within }, work);
    },
    committing({ scope, events }, work) {
      const attributes = { "jobwire.scope": scope, "jobwire.events": events };
      return run("jobwire.commit", { kind: SpanKind.CLIENT, attributes, within: context.active() }, work);
    },
    publisher() {
      const active = context.active();
      const known = active.getValue(publisherKey);
      if (known === null) return undefined;
      return typeof known === "string" ? known : traceparentOf(active);
    },
    delivered({ scope, topic, type, traceparent, receivedAt }) {
      const attributes = { "jobwire.scope": scope, "jobwire.topic": topic, "jobwire.type": type };
      tracer
        .startSpan(
          "jobwire.deliver",
          { kind: SpanKind.CONSUMER, attributes, startTime: receivedAt },
          contextOf(traceparent),
        )
        .end();
    },
    reconnected(service, traceparent) {
      const attributes = { "jobwire.service": service };
      tracer
        .startSpan("jobwire.reconnect", { kind: SpanKind.SERVER, attributes }, contextOf(traceparent))
        .end();
    },
    within(traceparent, work) {
      // An instrumentation of HTTP has said it already.
      if (traceparent === undefined || trace.getActiveSpan()) return work();
      context.with(contextOf(traceparent), work);
    },
  };
}

function fail(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  span.recordException({ name: error instanceof Error ? error.name : "Error", message });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** Source: W3C Trace Context, version 00. */
function traceparentOf(active: Context): string | undefined {
  const span = trace.getSpanContext(active);
  if (!span || !isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}`;
}

function contextOf(traceparent: string | undefined): Context {
  const [, traceId = "", spanId = "", flags = ""] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
}
