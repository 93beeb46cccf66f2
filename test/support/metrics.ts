import parsePrometheusTextFormat from "parse-prometheus-text-format";
import { z } from "zod";
import { signTestToken } from "./test-server.js";

const familySchema = z.object({
  name: z.string(),
  help: z.string(),
  type: z.string(),
  metrics: z.array(z.unknown()),
});

const sampleSchema = z.object({
  labels: z.record(z.string(), z.string()).default({}),
  value: z.coerce.number(),
});

interface Sample extends z.infer<typeof sampleSchema> {
  readonly name: string;
}

type Labels = Readonly<Record<string, string>>;

/** What `/metrics` said at one time. */
export class Metrics {
  /** Of metrics, as `# TYPE` gives them. */
  readonly names: readonly string[];
  readonly #samples: readonly Sample[];

  constructor(text: string) {
    this.names = parse(text).map(({ name }) => name);
    // The parser loses the labels of histograms: their parts are read as metrics of their own.
    const parts = parse(text.replaceAll(/^# TYPE \S+ histogram$/gm, ""));
    this.#samples = parts.flatMap(({ name, metrics }) =>
      z
        .array(sampleSchema)
        .parse(metrics)
        .map((sample) => ({ ...sample, name })),
    );
  }

  /** Names that can be asked for: of a histogram these are its parts. */
  get sampleNames(): string[] {
    return [...new Set(this.#samples.map(({ name }) => name))];
  }

  labelNamesOf(sampleName: string): string[] {
    const names = this.#samplesOf(sampleName).flatMap(({ labels }) => Object.keys(labels));
    return [...new Set(names)].toSorted();
  }

  /** The sum of all samples with these labels. */
  value(sampleName: string, labels: Labels = {}): number {
    return this.#samplesOf(sampleName)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  #samplesOf(sampleName: string): Sample[] {
    return this.#samples.filter(({ name }) => name === sampleName);
  }
}

/** Asks a test server for its metrics, as Prometheus does with the token of a service. */
export async function scrape(url: string): Promise<Metrics> {
  const token = await signTestToken({ sub: "prometheus", role: "service" });
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return new Metrics(await response.text());
}

function parse(text: string) {
  return z.array(familySchema).parse(parsePrometheusTextFormat(text));
}
