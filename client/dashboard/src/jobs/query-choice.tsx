export interface QueryChoiceProps {
  readonly label: string;
  /** Said while nothing is chosen. */
  readonly any: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A chip that opens a list, the browser's own: it works with a thumb, the keyboard and a screen reader. */
export function QueryChoice({ label, any, options, value, onChange }: QueryChoiceProps) {
  const isKnown = value === "" || options.some(([option]) => option === value);
  const all = isKnown ? options : [[value, value] as const, ...options];
  return (
    <select
      className="chip chip-choice"
      aria-label={label}
      data-chosen={value !== ""}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      <option value="">{any}</option>
      {all.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}
