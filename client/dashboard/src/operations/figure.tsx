export interface FigureProps {
  readonly label: string;
  readonly unit: string;
  /** Oldest first; `null` where it is not known. */
  readonly values: readonly (number | null)[];
}

/** The newest value, and how it came about. */
export function Figure({ label, unit, values }: FigureProps) {
  const known = values.filter((value) => value !== null);
  const newest = known.at(-1);
  return (
    <div className="card figure">
      <h2 className="label">{label}</h2>
      <p className="figure-value number">
        {newest === undefined ? "–" : numberFormat.format(newest)}
        {unit !== "" && <small>{unit}</small>}
      </p>
      <Sparkline values={known} />
    </div>
  );
}

const numberFormat = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });

function Sparkline({ values }: { readonly values: readonly number[] }) {
  const highest = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length - 1);
  const points = values.map((value, index) => `${index * step} ${29 - (value / highest) * 27}`);
  return (
    <svg
      className="sparkline"
      viewBox="0 0 100 30"
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {points.length > 1 && (
        <>
          <path className="sparkline-area" d={`M0 30L${points.join("L")}L100 30Z`} />
          <path d={`M${points.join("L")}`} />
        </>
      )}
    </svg>
  );
}
