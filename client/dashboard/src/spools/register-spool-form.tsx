import { useState, type SubmitEvent } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { messageOf } from "../shell/message-of.js";
import { Field } from "../shell/field.js";

/** For services: puts a spool on the board. */
export function RegisterSpoolForm() {
  const trpc = useJobwireTrpc();
  const [tagSpool, setTagSpool] = useState("");
  const [detail, setDetail] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const register = async () => {
    setProblem(null);
    try {
      const estadoDetalle = detail.trim();
      await trpc.spools.register.mutate({ tagSpool, ...(estadoDetalle !== "" && { estadoDetalle }) });
      setTagSpool("");
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void register();
  };
  return (
    <form className="card register-spool" onSubmit={submit}>
      <Field label="Tag">
        {(control) => (
          <input
            {...control}
            className="input"
            name="tag"
            value={tagSpool}
            onChange={({ target }) => setTagSpool(target.value)}
            placeholder="MK-1335-CW-25238-011"
            maxLength={128}
            required
          />
        )}
      </Field>
      <Field label="Detail">
        {(control) => (
          <input
            {...control}
            className="input"
            name="detail"
            value={detail}
            onChange={({ target }) => setDetail(target.value)}
            placeholder="Ready for welding"
            maxLength={1024}
          />
        )}
      </Field>
      <button type="submit" className="button">
        Register
      </button>
      {problem !== null && (
        <p role="alert" className="notice notice-bad">
          {problem}
        </p>
      )}
    </form>
  );
}
