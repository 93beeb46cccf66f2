declare module "parse-prometheus-text-format" {
  /** One entry for each metric, with its samples. */
  export default function parsePrometheusTextFormat(text: string): unknown;
}
