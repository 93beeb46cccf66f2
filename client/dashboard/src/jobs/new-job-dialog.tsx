import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { useLocation } from "wouter";
import type { Pipeline } from "@jobwire/shared";
import { messageOf } from "../shell/message-of.js";
import { Field } from "../shell/field.js";
import { usePipelines } from "./use-pipelines.js";

export function NewJobDialog({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [, navigate] = useLocation();
  useEffect(() => dialog.current?.showModal(), []);
  // Closed first: while it is open nothing else takes the focus.
  const show = (jobId: string) => {
    dialog.current?.close();
    navigate(`/jobs/${jobId}`);
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="new-job" onClose={onClose}>
      <NewJobForm onCreated={show} onCancel={() => dialog.current?.close()} />
    </dialog>
  );
}

interface NewJobFormProps {
  readonly onCreated: (jobId: string) => void;
  readonly onCancel: () => void;
}

function NewJobForm({ onCreated, onCancel }: NewJobFormProps) {
  const trpc = useJobwireTrpc();
  const pipelines = usePipelines();
  const [title, setTitle] = useState("");
  /** `null`: what is offered first. */
  const [chosen, setChosen] = useState<string | null>(null);
  const [named, setNamed] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const offered = pipelines?.filter(({ workers }) => workers > 0) ?? [];
  const pipeline = chosen ?? offered[0]?.name ?? "";
  const offer = offered.find(({ name }) => name === pipeline);
  const project = named ?? offer?.projects[0] ?? "";

  const create = async () => {
    setIsBusy(true);
    setProblem(null);
    try {
      const given = pipelines ? { title, pipeline, project } : { title, ...(await firstOffer()) };
      const { id } = await trpc.jobs.create.mutate(
        Object.fromEntries(Object.entries(given).filter(([, text]) => text.trim() !== "")),
      );
      onCreated(id);
    } catch (error) {
      setProblem(messageOf(error));
      setIsBusy(false);
    }
  };
  /** Somebody was faster than the answer of what is offered. */
  const firstOffer = async () => {
    const first = (await trpc.pipelines.list.query()).find(({ workers }) => workers > 0);
    return { pipeline: chosen ?? first?.name ?? "", project: named ?? first?.projects[0] ?? "" };
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void create();
  };
  return (
    <form onSubmit={submit}>
      <h2 id="new-job">New job</h2>
      <Field label="Title">
        {(control) => (
          <input
            {...control}
            className="input"
            name="title"
            dir="auto"
            value={title}
            maxLength={200}
            onChange={(event) => setTitle(event.target.value)}
            placeholder="Harbour site"
          />
        )}
      </Field>
      <Field label="Pipeline" hint={hintOf(pipelines, pipeline)}>
        {(control) => (
          <input
            {...control}
            className="input"
            name="pipeline"
            value={pipeline}
            list="pipelines"
            pattern="[a-z0-9][a-z0-9\-]{0,63}"
            title="Lower-case letters, digits and hyphens"
            onChange={(event) => setChosen(event.target.value)}
          />
        )}
      </Field>
      <datalist id="pipelines">
        {offered.map(({ name, workers, waiting }) => (
          <option key={name} value={name}>
            {describeOffer(workers, waiting)}
          </option>
        ))}
      </datalist>
      <Field label="Project" hint="A folder, by the name that the worker gives it.">
        {(control) => (
          <input
            {...control}
            className="input"
            name="project"
            value={project}
            maxLength={200}
            list="projects"
            onChange={(event) => setNamed(event.target.value)}
          />
        )}
      </Field>
      <datalist id="projects">
        {offer?.projects.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <p role="alert" className={problem === null ? "unseen" : "notice notice-bad"}>
        {problem}
      </p>
      <footer>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="button button-main" disabled={isBusy}>
          Create job
        </button>
      </footer>
    </form>
  );
}

/** What will come of the job with this pipeline. */
function hintOf(pipelines: readonly Pipeline[] | null, pipeline: string): string {
  if (pipeline === "") return "Which kind of worker takes it. Left empty, the job is driven from outside.";
  if (pipelines === null) return "Which kind of worker takes it.";
  const found = pipelines.find(({ name }) => name === pipeline);
  if (!found || found.workers === 0) return "No worker offers this now: the job waits until one does.";
  return `${describeOffer(found.workers, found.waiting)}.`;
}

function describeOffer(workers: number, waiting: number): string {
  const offering = workers === 1 ? "One worker offers it" : `${workers} workers offer it`;
  return waiting === 0 ? offering : `${offering}, ${waiting} ${waiting === 1 ? "job waits" : "jobs wait"}`;
}
