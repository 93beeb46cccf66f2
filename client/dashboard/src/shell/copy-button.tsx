import { useEffect, useState } from "react";

const saidForMs = 2000;

/** Copies a text and says that it did. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), saidForMs);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Not allowed"),
    );
  };
  return (
    <button type="button" className="button button-quiet button-small copy" aria-label={label} onClick={copy}>
      <span role="status">{said ?? "Copy"}</span>
    </button>
  );
}
