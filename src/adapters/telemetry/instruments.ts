/** The declarations as prom-client metrics in a registry of their own. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { metrics, type MetricDeclaration, type MetricKey, type Metrics } from './metrics.ts';

interface InstrumentOf<Label extends string> {
  counter: Counter<Label>;
  gauge: Gauge<Label>;
  histogram: Histogram<Label>;
}
export type Instruments = {
  readonly [Key in MetricKey]: InstrumentOf<Metrics[Key]['labels'][number]>[Metrics[Key]['type']];
};

export function createInstruments(registry: Registry): Instruments {
  const entries = Object.entries(metrics).map(([key, declaration]) => [key, instrument(declaration, registry)]);
  // The table decides each type; the compiler cannot follow it through Object.entries.
  return Object.fromEntries(entries) as Instruments;
}

function instrument(declaration: MetricDeclaration, registry: Registry): Counter | Gauge | Histogram {
  const { name, help, buckets } = declaration;
  const configuration = { name, help, labelNames: [...declaration.labels], registers: [registry] };
  switch (declaration.type) {
    case 'counter':
      return new Counter(configuration);
    case 'gauge':
      return new Gauge(configuration);
    case 'histogram':
      return new Histogram(buckets === undefined ? configuration : { ...configuration, buckets: [...buckets] });
  }
}
