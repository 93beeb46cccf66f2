/** The name, on a wire. */
export function Wordmark() {
  return (
    <span className="wordmark">
      <svg viewBox="0 0 30 18" aria-hidden="true" focusable="false">
        <path d="M1 13h7l5-9 5 9h11" />
        <circle cx="13" cy="4" r="3" />
      </svg>
      Jobwire
    </span>
  );
}
