import { useEffect, useRef, useState } from "react";
import { isForSomethingElse } from "./use-list-keys.js";

const keys = [
  ["j", "Next job"],
  ["k", "Previous job"],
  ["Enter", "Open the job"],
  ["x", "Select the job"],
  ["/", "Search"],
  ["?", "This help"],
] as const;

/** The keys of the list, for who asks with `?` or the button. */
export function KeyHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "?" || isForSomethingElse(event)) return;
      event.preventDefault();
      setIsOpen(true);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <>
      <button
        type="button"
        className="button button-quiet key-help"
        aria-label="Keys"
        aria-keyshortcuts="?"
        title="Keys"
        onClick={() => setIsOpen(true)}
      >
        ?
      </button>
      {isOpen && (
        <dialog
          ref={dialog}
          className="dialog"
          aria-labelledby="key-help-title"
          onClose={() => setIsOpen(false)}
        >
          <form method="dialog">
            <h2 id="key-help-title">Keys</h2>
            <dl className="keys">
              {keys.map(([key, meaning]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
            <footer>
              <button type="submit" className="button">
                Close
              </button>
            </footer>
          </form>
        </dialog>
      )}
    </>
  );
}
