/** Values in Prometheus' text format, by name and labels. */
export interface MetricValues {
  /** Of all lines of this name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  find(name: string): number | undefined;
}

interface Line {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

export function readMetrics(text: string): MetricValues {
  const lines = text.split("\n").flatMap(readLine);
  const having = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    lines.filter(
      (line) =>
        line.name === name &&
        Object.entries(labels).every(([label, value]) => line.labels.includes(`${label}="${value}"`)),
    );
  return {
    sum: (name, labels) => having(name, labels).reduce((sum, { value }) => sum + value, 0),
    find: (name) => having(name)[0]?.value,
  };
}

function readLine(text: string): Line[] {
  const [, name, labels = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(text) ?? [];
  return name === undefined ? [] : [{ name, labels, value: Number(value) }];
}
