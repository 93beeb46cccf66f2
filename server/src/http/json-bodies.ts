import type { FastifyInstance } from "fastify";

/**
 * JSON in bodies, or nothing: clients that always say what their bodies are say so of none too, as of a DELETE or of a call
 * whose fields are all in its path.
 */
export function addJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parseJson(request, body, done);
  });
}
