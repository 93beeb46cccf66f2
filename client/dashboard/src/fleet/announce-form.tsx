import { useState, type SubmitEvent } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { messageOf } from "../shell/message-of.js";
import { Field } from "../shell/field.js";

/** Tells every browser that a version is out; each reloads when it likes. */
export function AnnounceForm() {
  const trpc = useJobwireTrpc();
  const [version, setVersion] = useState("");
  const [changelog, setChangelog] = useState("");
  const [answer, setAnswer] = useState<string | null>(null);
  const announce = async () => {
    try {
      const { delivered } = await trpc.versions.announce.mutate({
        version,
        ...(changelog.trim() !== "" && { changelog }),
      });
      setAnswer(`Delivered to ${delivered} ${delivered === 1 ? "session" : "sessions"} so far.`);
    } catch (error) {
      setAnswer(messageOf(error));
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void announce();
  };
  return (
    <section className="card job-card" aria-labelledby="announce">
      <h2 id="announce">Announce a version</h2>
      <form className="announce" onSubmit={submit}>
        <Field label="Version">
          {(control) => (
            <input
              {...control}
              className="input"
              name="version"
              value={version}
              maxLength={128}
              onChange={({ target }) => setVersion(target.value)}
              required
            />
          )}
        </Field>
        <Field label="What is new">
          {(control) => (
            <textarea
              {...control}
              className="input"
              name="changelog"
              rows={3}
              value={changelog}
              maxLength={20_000}
              onChange={({ target }) => setChangelog(target.value)}
            />
          )}
        </Field>
        <button type="submit" className="button">
          Announce
        </button>
        <p role="status" className="small soft">
          {answer}
        </p>
      </form>
    </section>
  );
}
