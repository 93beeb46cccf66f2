import { useId, type ReactNode } from "react";

export interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  /** The control, which takes these. */
  readonly children: (control: { readonly id: string; readonly "aria-describedby"?: string }) => ReactNode;
}

/** A control with its name above and, read after it, what there is to know about it. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, ...(hint !== undefined && { "aria-describedby": hintId }) })}
      {hint !== undefined && <small id={hintId}>{hint}</small>}
    </div>
  );
}
