import type { PlainProcedure } from "./answers.js";

/** A procedure under a path of its own, for programs without tRPC. */
export interface PlainCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `{name}` is a field of the input. Of the other fields those of a GET are in the query, else in the body. */
  readonly path: string;
  readonly procedure: PlainProcedure;
  readonly summary: string;
  readonly role: "user" | "service";
  /** Something new is there. */
  readonly creates?: true;
}

const user = "user";
const service = "service";

export const plainCalls: readonly PlainCall[] = [
  call("POST", "/api/jobs", "jobs.create", user, "Creates a job.", { creates: true }),
  call("GET", "/api/jobs", "jobs.list", user, "Finds jobs, newest first."),
  call("GET", "/api/jobs/counts", "jobs.counts", user, "How many jobs are in each status."),
  call("GET", "/api/jobs/{jobId}", "jobs.get", user, "One job."),
  call("DELETE", "/api/jobs/{jobId}", "jobs.remove", user, "Removes a finished job with all that it left."),
  call("POST", "/api/jobs/{jobId}/cancel", "jobs.cancel", user, "Stops an unfinished job."),
  call("POST", "/api/jobs/{jobId}/rerun", "jobs.rerun", user, "Creates a job like this one.", {
    creates: true,
  }),
  call("POST", "/api/jobs/{jobId}/transition", "jobs.transition", service, "Takes a job to another status."),
  call(
    "POST",
    "/api/jobs/{jobId}/events",
    "jobs.publish",
    service,
    "Publishes one event, or up to 100 at once.",
  ),
  call("POST", "/api/jobs/{jobId}/output", "work.write", service, "Hands in what a job's commands wrote."),
  call("POST", "/api/jobs/{jobId}/claim", "work.claim", service, "Claims a queued job for a worker."),
  call("POST", "/api/jobs/{jobId}/renew", "work.renew", service, "Keeps a claim."),
  call("GET", "/api/work", "work.waiting", service, "The jobs that wait for a worker, oldest first."),
  call("GET", "/api/workers", "workers.list", service, "The workers that are there."),
  call("PUT", "/api/workers/{workerId}", "work.offer", service, "A worker says what it offers."),
  call("DELETE", "/api/workers/{workerId}", "work.leave", service, "A worker leaves."),
  call("GET", "/api/pipelines", "pipelines.list", user, "What is worked on."),
  call("GET", "/api/spools", "spools.list", user, "The spools of the board."),
  call("POST", "/api/spools", "spools.register", service, "Puts a spool on the board."),
  call("POST", "/api/spools/{tagSpool}/tomar", "spools.tomar", user, "Takes a spool."),
  call("POST", "/api/spools/{tagSpool}/pausar", "spools.pausar", user, "Gives a spool back."),
  call(
    "POST",
    "/api/spools/{tagSpool}/completar",
    "spools.completar",
    user,
    "Completes the operation on a spool.",
  ),
  call("POST", "/api/spools/{tagSpool}/state", "spools.changeState", user, "Changes the detail of a spool."),
  call("POST", "/api/spools/{tagSpool}/events", "spools.publish", service, "Says what holds elsewhere."),
  call("GET", "/api/sessions", "sessions.list", service, "The sessions that are connected."),
  call("POST", "/api/sessions/messages", "sessions.send", service, "Sends to one session, or to all."),
  call("POST", "/api/versions", "versions.announce", service, "Announces a version."),
  call("POST", "/api/tasks", "tasks.start", user, "Starts a task.", { creates: true }),
  call("GET", "/api/tasks", "tasks.list", user, "Tasks, newest first."),
  call("GET", "/api/tasks/{taskId}", "tasks.get", user, "One task."),
  call("POST", "/api/tasks/{taskId}/cancel", "tasks.cancel", user, "Ends a task."),
];

function call(
  method: PlainCall["method"],
  path: string,
  procedure: PlainProcedure,
  role: PlainCall["role"],
  summary: string,
  more: Pick<PlainCall, "creates"> = {},
): PlainCall {
  return { method, path, procedure, role, summary, ...more };
}

/** The fields of the input that stand in the path. */
export function pathFieldsOf(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}
