import { titleOf, valueOf, type ScenarioResult } from "./result.js";

const width = 760;
const labelWidth = 170;
const barHeight = 18;
const gap = 6;
const headHeight = 44;

/** Bars for each scenario's first metric, on a logarithmic scale: shorter is better. */
export function chartOf(results: readonly ScenarioResult[]): string {
  let top = 16;
  const panels = results.map((result) => {
    const panel = panelOf(result, top);
    top += headHeight + result.results.length * (barHeight + gap) + gap;
    return panel;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" role="img">
<title>Jobwire beside other ways to serve event streams; shorter bars are better</title>
<style>text { font: 13px system-ui, sans-serif; fill: #1c2330; } .name { font-weight: 600; } .note { fill: #667085; }</style>
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.join("\n")}
</svg>
`;
}

function panelOf({ scenario, results }: ScenarioResult, top: number): string {
  const [{ key, label, digits }] = scenario.metrics;
  const values = results.map((result) => Math.max(valueOf(result, key) ?? 0, 0));
  const positive = values.filter((value) => value > 0);
  const least = Math.min(...positive) / 2;
  const most = Math.max(...positive);
  const full = width - labelWidth - 110;
  const lengthOf = (value: number) =>
    value <= 0 ? 0 : (full * Math.log(value / least)) / Math.log(Math.max(most / least, 2));
  const bars = results.map((result, index) => {
    const value = values[index] ?? 0;
    const y = top + headHeight + index * (barHeight + gap);
    const length = lengthOf(value).toFixed(1);
    const color = result.contender === "jobwire" ? "#1668dc" : "#b7c0cf";
    return `<text x="16" y="${y + 14}">${escapeXml(titleOf(result))}</text>
<rect x="${labelWidth}" y="${y}" width="${length}" height="${barHeight}" rx="2" fill="${color}"/>
<text x="${labelWidth + Number(length) + 8}" y="${y + 14}">${value.toFixed(digits)}</text>`;
  });
  return `<text class="name" x="16" y="${top + 16}">${escapeXml(scenario.name)}: ${escapeXml(label)}</text>
<text class="note" x="16" y="${top + 34}">${escapeXml(scenario.title)}</text>
${bars.join("\n")}`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
