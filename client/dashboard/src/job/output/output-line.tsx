import { memo } from "react";
import { readAnsi, type AnsiSpan, type AnsiStyle } from "./ansi.js";
import { maxShownLength } from "./output-text.js";

export interface OutputLineProps {
  readonly text: string;
  readonly styleBefore: AnsiStyle | null;
  readonly number: number;
  readonly isError: boolean;
  readonly isTarget: boolean;
  readonly isFailing: boolean;
  readonly query: string;
}

export const OutputLine = memo(function OutputLine(props: OutputLineProps) {
  const { text, styleBefore, number, isError, isTarget, isFailing, query } = props;
  const { spans } = readAnsi(text.slice(0, maxShownLength), styleBefore);
  const hidden = text.length - maxShownLength;
  return (
    <div className="output-line" data-error={isError} data-target={isTarget} data-failing={isFailing}>
      <a className="output-number number" href={`#L${number}`} tabIndex={-1} aria-label={`Line ${number}`}>
        {number}
      </a>
      <span className="output-text">
        {spans.map((span, index) => (
          <span key={index} className={classOf(span.style)}>
            {query === "" ? span.text : <Marked text={span.text} query={query} />}
          </span>
        ))}
        {hidden > 0 && <span className="soft"> … {hidden} more characters</span>}
      </span>
    </div>
  );
});

function Marked({ text, query }: { readonly text: string; readonly query: string }) {
  const parts: { readonly text: string; readonly isMatch: boolean; readonly at: number }[] = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(query); at !== -1; at = lower.indexOf(query, from)) {
    parts.push({ text: text.slice(from, at), isMatch: false, at: from });
    parts.push({ text: text.slice(at, at + query.length), isMatch: true, at });
    from = at + query.length;
  }
  parts.push({ text: text.slice(from), isMatch: false, at: from });
  return parts.map(({ text: part, isMatch, at }) =>
    isMatch ? <mark key={`match ${at}`}>{part}</mark> : part,
  );
}

function classOf(style: AnsiSpan["style"]): string | undefined {
  if (!style) return undefined;
  return [
    style.color !== null && `ansi-${style.color}`,
    style.isBold && "ansi-bold",
    style.isDim && "ansi-dim",
    style.isItalic && "ansi-italic",
    style.isUnderlined && "ansi-underlined",
  ]
    .filter(Boolean)
    .join(" ");
}
