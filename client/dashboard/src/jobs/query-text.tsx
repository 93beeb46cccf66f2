import { useEffect, useRef, useState, useEffectEvent } from "react";
import { isForSomethingElse } from "./use-list-keys.js";

export interface QueryTextProps {
  readonly label: string;
  readonly placeholder: string;
  /** The key that leads here. */
  readonly shortcut?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** So long after the last letter it is asked. */
const pauseMs = 250;

export function QueryText({ label, placeholder, shortcut, value, onChange }: QueryTextProps) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState({ text: value, of: value });
  // It was changed elsewhere: one went back, or cleared it.
  const text = typed.of === value ? typed.text : value;
  const tell = useEffectEvent(onChange);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => tell(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text, value]);
  useEffect(() => {
    if (shortcut === undefined) return undefined;
    const press = (event: KeyboardEvent) => {
      if (event.key !== shortcut || isForSomethingElse(event)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [shortcut]);
  return (
    <span className="query-text">
      <input
        ref={input}
        className="input"
        type="search"
        dir="auto"
        aria-label={label}
        aria-keyshortcuts={shortcut}
        placeholder={placeholder}
        maxLength={200}
        value={text}
        onChange={({ target }) => setTyped({ text: target.value, of: value })}
        onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
      />
      {shortcut !== undefined && <kbd aria-hidden="true">{shortcut}</kbd>}
    </span>
  );
}
