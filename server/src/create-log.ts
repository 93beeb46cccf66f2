import { pino, stdSerializers, type Logger } from "pino";

/**
 * JSON lines on stdout. An error shows what it is and where it comes from, and nothing else that it carries: those of
 * Redis carry their command, the one that signs in with its password.
 */
export function createLog(level: string): Logger {
  return pino({ level, serializers: { err: describeError } });
}

function describeError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return String(thrown);
  const { type, message, stack } = stdSerializers.err(thrown);
  return { type, message, stack, ...("code" in thrown && { code: thrown.code }) };
}
