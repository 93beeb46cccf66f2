import { jobFilters, type JobFilter } from "./job-filter.js";

export interface JobFilterSwitchProps {
  readonly filter: JobFilter;
  readonly counts: Readonly<Record<JobFilter, number>>;
  /** There are older jobs that are not counted. */
  readonly isPartial: boolean;
  readonly onChange: (filter: JobFilter) => void;
}

const labels: Readonly<Record<JobFilter, string>> = {
  all: "All",
  waiting: "Waiting",
  running: "Running",
  ready: "Ready",
  failed: "Failed",
};

export function JobFilterSwitch({ filter, counts, isPartial, onChange }: JobFilterSwitchProps) {
  return (
    <fieldset className="switcher job-filter">
      <legend className="unseen">Show</legend>
      {jobFilters.map((choice) => (
        <label key={choice}>
          <input
            type="radio"
            name="job-filter"
            checked={choice === filter}
            onChange={() => onChange(choice)}
          />
          {labels[choice]}
          <span className="number">
            {counts[choice]}
            {isPartial && choice === "all" && "+"}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
