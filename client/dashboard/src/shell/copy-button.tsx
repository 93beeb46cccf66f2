import { useEffect, useState } from "react";

const saidForMs = 2000;

export interface CopyButtonProps {
  /** What makes it is called when it is copied: a long text is not made for a button that nobody presses. */
  readonly text: string | (() => string);
  /** What the button says; `label` says the same to those who do not see where it is. */
  readonly children?: string;
  readonly label: string;
}

/** Copies a text and says that it did. */
export function CopyButton({ text, children = "Copy", label }: CopyButtonProps) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), saidForMs);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(
      () => setSaid("Copied"),
      () => setSaid("Not allowed"),
    );
  };
  return (
    <button type="button" className="button button-quiet button-small copy" aria-label={label} onClick={copy}>
      <span role="status">{said ?? children}</span>
    </button>
  );
}
