/** A strict reader of the Prometheus text format 0.0.4: throws at the first line that Prometheus would not take. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const helpLine = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const typeLine = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/;
// Values are what Go's ParseFloat takes, so NaN may also be the Nan that prom-client writes.
const sampleLine =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (Na[nN]|[+-]?Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: \d+)?$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/gy;

export function parsePrometheusText(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line feed');
  const families = new Map<string, { name: string; type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let family: { name: string; type: string; help: string; samples: Sample[] } | undefined;
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const help = helpLine.exec(line);
    const type = typeLine.exec(line);
    if (help) {
      if (families.has(help[1]!)) throw new Error(`${help[1]!} is declared twice`);
      family = { name: help[1]!, type: '', help: help[2]!, samples: [] };
      families.set(family.name, family);
    } else if (type) {
      if (family?.name !== type[1]) throw new Error(`TYPE without its HELP: ${line}`);
      family!.type = type[2]!;
    } else {
      const sample = parseSample(line);
      const base = family?.type === 'histogram' || family?.type === 'summary' ? /_(bucket|sum|count)$/ : /$^/;
      if (sample.name.replace(base, '') !== family?.name && sample.name !== family?.name) {
        throw new Error(`a sample outside its family: ${line}`);
      }
      const series = `${sample.name}${JSON.stringify(sample.labels)}`;
      if (seen.has(series)) throw new Error(`a series appears twice: ${line}`);
      seen.add(series);
      family.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', value] = sampleLine.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  let end = 0;
  for (let match = label.exec(labelText); match !== null; match = label.exec(labelText)) {
    labels[match[1]!] = match[2]!;
    end = label.lastIndex;
  }
  if (end !== labelText.length) throw new Error(`not a list of labels: ${line}`);
  return { name, labels, value: Number(value!.replace('Inf', 'Infinity')) };
}
