import { useState, type PointerEvent } from "react";
import { formatClock } from "../time/format-time.js";
import { niceCeiling, pathsOf, spanOf, type Point } from "./chart-scale.js";

interface Series {
  readonly label: string;
  readonly points: readonly Point[];
}

export interface TimeChartProps {
  readonly label: string;
  readonly unit: string;
  /** Of the same moments; the first is drawn strongest. */
  readonly series: readonly Series[];
}

/** How figures went, with both axes. The newest is said, or those at the pointer. */
export function TimeChart({ label, unit, series }: TimeChartProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const points = series[0]?.points ?? [];
  const span = spanOf(points);
  const top = niceCeiling(Math.max(...series.flatMap((one) => one.points.map(({ value }) => value ?? 0)), 0));
  const at = pointed ?? points.length - 1;
  const point = ({ clientX, currentTarget }: PointerEvent<SVGSVGElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const time = span.from + ((clientX - left) / width) * (span.to - span.from);
    const after = points.findIndex((one) => one.at.getTime() >= time);
    setPointed(after === -1 ? null : after);
  };
  return (
    <section className="card chart" aria-label={label}>
      <div className="chart-head">
        <h2 className="label">{label}</h2>
        {pointed !== null && points[pointed] && (
          <span className="soft small number">{formatClock(points[pointed].at)}</span>
        )}
      </div>
      <p className="chart-values">
        {series.map(({ label: name, points: own }) => (
          <span key={name} className="chart-value number">
            {own[at]?.value === undefined || own[at].value === null ? "–" : numbers.format(own[at].value)}
            <small>{series.length > 1 ? name : unit}</small>
          </span>
        ))}
      </p>
      <div className="chart-plot">
        <span className="chart-scale number" aria-hidden="true">
          <span>{numbers.format(top)}</span>
          <span>{numbers.format(top / 2)}</span>
          <span>0</span>
        </span>
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          role="img"
          aria-label={`${label}, from 0 to ${numbers.format(top)} ${unit}`}
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        >
          <path className="chart-grid" d="M0 0H100M0 50H100M0 100H100" />
          {series.map(({ label: name, points: own }, index) => {
            const { line, area } = pathsOf(own, span, top);
            return (
              <g key={name} data-series={index}>
                {index === 0 && <path className="chart-area" d={area} />}
                <path className="chart-line" d={line} />
              </g>
            );
          })}
          {pointed !== null && points[pointed] && (
            <path
              className="chart-pointer"
              d={`M${((points[pointed].at.getTime() - span.from) / (span.to - span.from)) * 100} 0V100`}
            />
          )}
        </svg>
        <span className="chart-times number" aria-hidden="true">
          <span>{shortTime.format(span.from)}</span>
          <span>{shortTime.format((span.from + span.to) / 2)}</span>
          <span>{shortTime.format(span.to)}</span>
        </span>
      </div>
    </section>
  );
}

const numbers = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const shortTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
