import { useEffect, useId, useRef, useState, type ReactNode, type SubmitEvent } from "react";
import { messageOf } from "./message-of.js";

export interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button that does it says, and the one that does not. */
  readonly action: string;
  readonly refusal: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({ title, children, action, refusal, onConfirm, onClose }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async () => {
    setIsBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      dialog.current?.close();
    } catch (error) {
      setProblem(messageOf(error));
      setIsBusy(false);
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void confirm();
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={id}>{title}</h2>
        <div className="dialog-text">{children}</div>
        <p role="alert" className={problem === null ? "unseen" : "notice notice-bad"}>
          {problem}
        </p>
        <footer>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {refusal}
          </button>
          <button type="submit" className="button button-danger" disabled={isBusy}>
            {action}
          </button>
        </footer>
      </form>
    </dialog>
  );
}
