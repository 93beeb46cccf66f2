import { CopyButton } from "../shell/copy-button.js";

export function FailureOutput({ message }: { readonly message: string }) {
  return (
    <section className="card job-card failure" aria-labelledby="failure">
      <div className="card-head">
        <h2 id="failure">Why it failed</h2>
        <CopyButton text={message} label="Copy the output" />
      </div>
      <pre tabIndex={0}>{message}</pre>
    </section>
  );
}
