import type { Job } from "@jobwire/shared";
import { CopyButton } from "../shell/copy-button.js";

/** As `jobs.get` answers. */
export function JsonPanel({ job }: { readonly job: Job }) {
  const text = JSON.stringify(job, null, 2);
  return (
    <div className="json-panel">
      <div className="panel-bar">
        <p className="small soft">
          As <code>jobs.get</code> answers
        </p>
        <CopyButton text={text} label="Copy JSON of the job">
          Copy JSON
        </CopyButton>
      </div>
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
