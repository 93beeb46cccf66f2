import { taskSchema, type Task } from "@jobwire/shared";
import { expect, vi } from "vitest";
import type { TestClient } from "./test-client.js";

interface TestingAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface TestingCall {
  readonly token?: string;
  readonly body?: unknown;
  readonly method?: string;
  /** What the server printed at its start. */
  readonly code?: string;
}

/** A call of one of the testing endpoints over bare HTTP. */
export async function callTesting(
  url: string,
  path: string,
  { token, body, method = "POST", code }: TestingCall = {},
): Promise<TestingAnswer> {
  const response = await fetch(`${url}/api/testing/${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(code !== undefined && { "x-jobwire-code": code }),
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** Starts a task that does nothing but what is asked for, on a server in testing mode. */
export async function simulateTask(
  { url }: { readonly url: string },
  token: string,
  simulation: { ownerId?: string; durationMs?: number; steps?: number; fail?: string } = {},
): Promise<Task> {
  const { status, body } = await callTesting(url, "tasks", { token, body: simulation });
  if (status !== 202) throw new Error(`The task was not started: ${JSON.stringify(body)}`);
  return taskSchema.parse(body);
}

/** The task once it has ended. */
export async function endOf(client: TestClient, { id: taskId }: Pick<Task, "id">): Promise<Task> {
  return vi.waitFor(
    async () => {
      const task = await client.tasks.get.query({ taskId });
      expect(task.status).not.toBe("running");
      return task;
    },
    { timeout: 20_000, interval: 50 },
  );
}
