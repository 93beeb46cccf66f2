import { useState, type SubmitEvent } from "react";
import { roles, type Role } from "@jobwire/shared";
import { Wordmark } from "../shell/wordmark.js";
import {
  knownCode,
  signInForDevelopment,
  signInWithToken,
  type DevelopmentUser,
  type Identity,
} from "./identity.js";
import { Field } from "../shell/field.js";

export interface SignInPageProps {
  readonly handsOutTokens: boolean;
  readonly onSignedIn: (identity: Identity) => void;
}

export function SignInPage({ handsOutTokens, onSignedIn }: SignInPageProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const signIn = async (attempt: Promise<Identity>) => {
    setIsBusy(true);
    setProblem(null);
    try {
      onSignedIn(await attempt);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setIsBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <title>Sign in · Jobwire</title>
      <div className="card">
        <Wordmark />
        <h1>Sign in</h1>
        {handsOutTokens ? (
          <DevelopmentForm isBusy={isBusy} onSubmit={(user) => void signIn(signInForDevelopment(user))} />
        ) : (
          <TokenForm isBusy={isBusy} onSubmit={(token) => void signIn(signInWithToken(token))} />
        )}
        <p role="alert" className={problem === null ? "unseen" : "notice notice-bad"}>
          {problem}
        </p>
      </div>
    </main>
  );
}

interface FormProps<Values extends unknown[]> {
  readonly isBusy: boolean;
  readonly onSubmit: (...values: Values) => void;
}

const roleLabels: Readonly<Record<Role, string>> = { user: "User", service: "Service" };

function DevelopmentForm({ isBusy, onSubmit }: FormProps<[user: DevelopmentUser]>) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("user");
  const [code, setCode] = useState(knownCode);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit({ userId: name.trim(), role, code: code.trim() });
  };
  return (
    <form onSubmit={submit}>
      <p className="soft">This server runs for development: any name will do.</p>
      <Field label="Name">
        {(control) => (
          <input
            {...control}
            className="input"
            name="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="username"
            placeholder="alice"
            required
            pattern=".*\S.*"
          />
        )}
      </Field>
      <Field
        label="Code"
        hint="Printed by the server at its start, at the end of the links. The link to this page fills it in."
      >
        {(control) => (
          <input
            {...control}
            className="input"
            name="code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            required
          />
        )}
      </Field>
      <fieldset className="switcher">
        <legend className="unseen">Role</legend>
        {roles.map((choice) => (
          <label key={choice}>
            <input type="radio" name="role" checked={role === choice} onChange={() => setRole(choice)} />
            {roleLabels[choice]}
          </label>
        ))}
      </fieldset>
      <p className="soft small">
        A user has jobs of their own. A service drives everybody's and sees the fleet.
      </p>
      <button type="submit" className="button button-main" disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}

function TokenForm({ isBusy, onSubmit }: FormProps<[token: string]>) {
  const [token, setToken] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit(token.trim());
  };
  return (
    <form onSubmit={submit}>
      <Field label="Token" hint="A JWT that this server accepts. This tab keeps it until it is closed.">
        {(control) => (
          <textarea
            {...control}
            className="input"
            name="token"
            rows={4}
            value={token}
            onChange={(event) => setToken(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            required
          />
        )}
      </Field>
      <button type="submit" className="button button-main" disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}
