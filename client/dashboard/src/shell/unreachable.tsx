import { Wordmark } from "./wordmark.js";

export function Unreachable({ onTryAgain }: { readonly onTryAgain: () => void }) {
  return (
    <main className="sign-in">
      <title>Jobwire</title>
      <div className="card">
        <Wordmark />
        <h1>The server does not answer</h1>
        <p className="soft">The page is here, but it could not ask who you are.</p>
        <button type="button" className="button button-main" onClick={onTryAgain}>
          Try again
        </button>
      </div>
    </main>
  );
}
