/** `npm run example:server-component`: each visit starts a job, whose page a server component renders. */
import { createJobwireClient } from "@jobwire/client";
import { runPageServer } from "../page-server/page-server.js";
import { buildPage } from "./framework.js";

const page = await buildPage(new URL("page.tsx", import.meta.url));
await runPageServer("A server component", ({ url, token }) => {
  Object.assign(process.env, { JOBWIRE_URL: url, JOBWIRE_TOKEN: token });
  const { trpc } = createJobwireClient({ url, token });
  return async ({ url: path }, response) => {
    const jobId = /^\/jobs\/([\w-]+)$/.exec(path ?? "")?.[1];
    if (path === "/client.js") response.setHeader("content-type", "text/javascript").end(page.script);
    else if (path === "/") {
      const { id } = await trpc.jobs.create.mutate({ title: "Sample", pipeline: "sample" });
      response.writeHead(303, { location: `/jobs/${id}` }).end();
    } else if (jobId === undefined) response.writeHead(404).end();
    else {
      const html = await page.render({ params: Promise.resolve({ jobId }) });
      response.setHeader("content-type", "text/html; charset=utf-8").end(html);
    }
  };
});
