/** The board before there is a spool, and how one gets there. */
export function EmptyBoard({ isService }: { readonly isService: boolean }) {
  return (
    <div className="empty board-empty">
      <svg viewBox="0 0 64 40" aria-hidden="true" focusable="false">
        <path d="M4 20h14m28 0h14" />
        <circle cx="32" cy="20" r="13" />
        <circle cx="32" cy="20" r="4" />
      </svg>
      <h2>The board is empty</h2>
      <p>
        {isService
          ? "Register a spool above: everybody who watches the board sees it at once."
          : "Spools appear here by themselves when a service puts them on the board. Then anybody takes one, works on it, and completes or releases it; the others see who has what."}
      </p>
    </div>
  );
}
