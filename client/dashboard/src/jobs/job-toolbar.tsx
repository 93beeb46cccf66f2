import type { Identity } from "../sign-in/identity.js";
import { countOf, jobFilters, type JobFilter } from "./job-filter.js";
import { isPeriod, jobPeriods, type JobQuery } from "./job-query.js";
import { QueryChoice } from "./query-choice.js";
import { QueryText } from "./query-text.js";
import type { KnownCounts } from "./use-job-counts.js";
import { usePipelines } from "./use-pipelines.js";

export interface JobToolbarProps {
  readonly identity: Identity;
  readonly query: JobQuery;
  readonly known: KnownCounts;
  readonly onAsk: (changed: Partial<JobQuery>, options?: { readonly isTyped?: boolean }) => void;
}

const labels: Readonly<Record<JobFilter, string>> = {
  all: "All",
  attention: "Needs attention",
  waiting: "Waiting",
  running: "Running",
  ready: "Ready",
  failed: "Failed",
};

/** Everything by which jobs are found, in one line. */
export function JobToolbar({ identity, query, known, onAsk }: JobToolbarProps) {
  const pipelines = usePipelines() ?? [];
  const ofPipeline = pipelines.filter(({ name }) => query.pipeline === "" || name === query.pipeline);
  const projects = [...new Set(ofPipeline.flatMap((pipeline) => pipeline.projects))].toSorted();
  return (
    <search className="toolbar">
      <QueryText
        label="Search the jobs"
        placeholder="Search title or id"
        shortcut="/"
        value={query.search}
        onChange={(search) => onAsk({ search }, { isTyped: true })}
      />
      <fieldset className="chips">
        <legend className="unseen">Show</legend>
        {jobFilters.map((filter) => (
          <label key={filter} className="chip" data-filter={filter}>
            <input
              type="radio"
              name="show"
              checked={filter === query.show}
              onChange={() => onAsk({ show: filter })}
            />
            {labels[filter]}
            <span className="number">{numberOf(filter, known)}</span>
          </label>
        ))}
      </fieldset>
      <QueryChoice
        label="Only this pipeline"
        any="Any pipeline"
        options={pipelines.map(({ name }) => [name, name])}
        value={query.pipeline}
        onChange={(pipeline) => onAsk({ pipeline })}
      />
      <QueryChoice
        label="Only this project"
        any="Any project"
        options={projects.map((name) => [name, name])}
        value={query.project}
        onChange={(project) => onAsk({ project })}
      />
      <QueryChoice
        label="Created in"
        any="Any time"
        options={Object.entries(jobPeriods)}
        value={query.period}
        onChange={(period) => onAsk({ period: isPeriod(period) ? period : "" })}
      />
      {identity.role === "service" && (
        <QueryText
          label="Owner"
          placeholder="Everybody's"
          value={query.owner}
          onChange={(owner) => onAsk({ owner }, { isTyped: true })}
        />
      )}
    </search>
  );
}

function numberOf(filter: JobFilter, { counts, attention }: KnownCounts): string {
  if (filter === "attention") return attention === null ? "" : numbers.format(attention);
  return counts === null ? "" : numbers.format(countOf(counts, filter));
}

const numbers = new Intl.NumberFormat();
