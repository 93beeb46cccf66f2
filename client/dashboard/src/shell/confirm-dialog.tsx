import { useEffect, useRef, useState, type SubmitEvent, type ReactNode } from "react";
import { messageOf } from "./message-of.js";

export interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button does, as a verb. */
  readonly action: string;
  /** When it is done the dialog closes; what it throws is shown. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something that cannot be undone. The way back has the focus. */
export function ConfirmDialog({ title, children, action, onConfirm, onClose }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
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
    <dialog ref={dialog} className="dialog" aria-labelledby="confirm-title" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        <div className="dialog-text">{children}</div>
        <p role="alert" className={problem === null ? "unseen" : "notice notice-bad"}>
          {problem}
        </p>
        <footer>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Keep
          </button>
          <button type="submit" className="button button-danger" disabled={isBusy}>
            {action}
          </button>
        </footer>
      </form>
    </dialog>
  );
}
