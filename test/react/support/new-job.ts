import { onTestFinished } from "vitest";
import { startTestServer, type TestServer } from "../../support/test-server.js";
import { createCountingClient } from "./counting-client.js";

/** A user with a job, what drives it, and who watches it, on a server of the test's own or a given one. */
export async function newJob(title = "Shop", given?: TestServer) {
  const server = given ?? (await startTestServer());
  if (!given) onTestFinished(() => server[Symbol.asyncDispose]());
  const { token, client } = await server.newUser();
  const { client: service } = await server.newService();
  const job = await client.jobs.create.mutate({ title });
  const watching = createCountingClient({ url: server.url, token });
  return { server, token, job, jobId: job.id, client, service, watching };
}
