import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { useLocation } from "wouter";
import { messageOf } from "../shell/message-of.js";
import { Field } from "../shell/field.js";

/** What the worker that `npm start` runs offers; other workers have other names. */
const offered = { pipeline: "build", project: "site" };

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
  const [title, setTitle] = useState("");
  const [pipeline, setPipeline] = useState(offered.pipeline);
  const [project, setProject] = useState(offered.project);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  const create = async () => {
    setIsBusy(true);
    setProblem(null);
    try {
      const given = { title, pipeline, project };
      const { id } = await trpc.jobs.create.mutate(
        Object.fromEntries(Object.entries(given).filter(([, text]) => text.trim() !== "")),
      );
      onCreated(id);
    } catch (error) {
      setProblem(messageOf(error));
      setIsBusy(false);
    }
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
            value={title}
            maxLength={200}
            onChange={(event) => setTitle(event.target.value)}
            placeholder="Harbour site"
          />
        )}
      </Field>
      <Field
        label="Pipeline"
        hint="Which kind of worker takes it. Left empty, the job is driven from outside."
      >
        {(control) => (
          <input
            {...control}
            className="input"
            name="pipeline"
            value={pipeline}
            list="pipelines"
            onChange={(event) => setPipeline(event.target.value)}
          />
        )}
      </Field>
      <datalist id="pipelines">
        <option value={offered.pipeline}>npm projects, by the sample worker</option>
      </datalist>
      <Field label="Project" hint="A folder, by the name that the worker gives it.">
        {(control) => (
          <input
            {...control}
            className="input"
            name="project"
            value={project}
            list="projects"
            onChange={(event) => setProject(event.target.value)}
          />
        )}
      </Field>
      <datalist id="projects">
        <option value={offered.project}>the sample site in examples/site</option>
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
