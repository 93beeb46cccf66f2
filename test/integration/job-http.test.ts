import { expect, test } from "vitest";
import { describeOnEachStore, type TestServer } from "../support/test-server.js";

/** What a shell has: requests, headers and text. */
function httpOf({ url }: TestServer, token: string) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const read = async (response: Response) => {
    const body = (await response.json()) as { result?: { data: { json: never } }; error?: object };
    return { status: response.status, json: body.result?.data.json ?? body.error };
  };
  return {
    post: async (path: string, input: object) =>
      read(await fetch(`${url}/trpc/${path}`, { method: "POST", headers, body: JSON.stringify(input) })),
    get: async (path: string, input: object) =>
      read(
        await fetch(`${url}/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`, { headers }),
      ),
    text: async (path: string) => (await fetch(`${url}${path}`, { headers })).text(),
  };
}

describeOnEachStore("with plain HTTP alone", (store) => {
  test("a job is created, its output followed, stopped, repeated, found, counted and read", async () => {
    await using server = await store.start();
    const [user, service] = [await server.newUser(), await server.newService()];
    const [mine, theirs] = [httpOf(server, user.token), httpOf(server, service.token)];
    const created = await mine.post("jobs.create", { title: "Shop", pipeline: "build" });
    expect(created).toMatchObject({ status: 200, json: { status: "queued" } });
    const { id: jobId } = created.json as unknown as { id: string };
    const following = mine.text(`/api/jobs/${jobId}/output/stream?stage=scaffold`);
    await theirs.post("work.claim", { jobId, workerId: "w" });
    await theirs.post("jobs.transition", { jobId, to: "scaffold", workerId: "w" });
    const pieces = [{ stage: "scaffold", attempt: 1, stream: "stdout", text: "copied 3 files\n" }];
    expect(await theirs.post("work.write", { jobId, workerId: "w", pieces })).toMatchObject({ status: 200 });
    expect(await mine.post("jobs.cancel", { jobId, reason: "wrong branch" })).toMatchObject({
      status: 200,
      json: { status: "failed", outcome: "cancelled" },
    });
    expect(await theirs.post("jobs.transition", { jobId, to: "code", workerId: "w" })).toMatchObject({
      status: 409,
    });
    const followed = await following;
    expect(followed).toContain(`"text":"copied 3 files\\n"`);
    expect(followed).toMatch(/event: complete\ndata: \{\}\n/);
    expect(await mine.post("jobs.rerun", { jobId })).toMatchObject({ status: 200, json: { rerunOf: jobId } });
    expect(await mine.get("jobs.list", { pipeline: "build", status: ["failed"] })).toMatchObject({
      json: { items: [{ id: jobId, title: "Shop" }], nextCursor: null },
    });
    expect(await mine.get("jobs.counts", { pipeline: "build" })).toMatchObject({
      json: { failed: 1, queued: 1 },
    });
    expect(await mine.text(`/api/jobs/${jobId}/output.txt`)).toBe("copied 3 files\n");
  });
});
