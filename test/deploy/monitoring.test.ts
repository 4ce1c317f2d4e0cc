/** Dashboards and alerts against the pages that explain them. */
import { describe, expect, it } from 'vitest';
import { exists, page, read } from '../docs/pages.ts';
import { chartFile } from './chart.ts';
import { alerts, dashboard, metricsIn, queries, ruleTests } from './monitoring-files.ts';

const metricsPage = page('metrics.md');
const unknownMetrics = (expr: string): string[] =>
  metricsIn(expr).filter((name) => !metricsPage.includes(`\`${name}\``));

describe('the dashboard', () => {
  it('asks for metrics that are on the metrics page', () => {
    expect(queries().length).toBeGreaterThan(30);
    expect(queries().flatMap(unknownMetrics)).toEqual([]);
    expect(queries().filter((expr) => metricsIn(expr).length === 0)).toEqual([]);
  });

  it('takes its data from the chosen source alone, and its jobs from the chosen ones', () => {
    const { panels, templating } = dashboard();
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job']);
    const sources = panels.flatMap(({ datasource, targets = [] }) => [
      ...(datasource === undefined ? [] : [datasource.uid]),
      ...targets.map((target) => target.datasource.uid),
    ]);
    expect(new Set(sources)).toEqual(new Set(['${datasource}']));
    for (const expr of queries()) {
      expect([expr, expr.split('job=~"$job"').length - 1]).toEqual([
        expr,
        (expr.match(/(freshet|process|nodejs)_[a-z0-9_]+\{/g) ?? []).length,
      ]);
    }
  });

  it('has panels of all four kinds, each with a description, none over another', () => {
    const { panels } = dashboard();
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title.split(':')[0]);
    expect(rows).toEqual(['Quality', 'Stream', 'Networks', 'Resources']);
    const drawn = panels.filter(({ type }) => type !== 'row');
    expect(drawn.filter(({ description = '' }) => description.length < 10)).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('asks for nearly everything that there is to see', () => {
    const shown = new Set([...queries(), ...alerts().map(({ expr }) => expr)].flatMap(metricsIn));
    const all = [...metricsPage.matchAll(/^\| `(freshet_\w+)`/gm)].map(([, name = '']) => name);
    // Offsets are for arithmetic, and these for looking closer.
    const closer =
      /applied_offset|checkpoint_records|restore_duration|restore_reads|registry_unanswered|training_(loss|left)|http_(request_duration|forward)/;
    const unseen = all.filter((name) => !shown.has(name) && !closer.test(name));
    expect(unseen, 'give each a panel in deploy/grafana/freshet.json, or a place in `closer` above').toEqual([]);
  });
});

describe.each(alerts())('the alert $alert', ({ alert, expr, labels, annotations }) => {
  it('asks for metrics that are on the metrics page, and says how grave it is', () => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(unknownMetrics(expr)).toEqual([]);
    expect(['warning', 'critical']).toContain(labels['severity']);
  });

  it('has a runbook that says what it means, how to look and what to do', () => {
    expect(annotations.runbook).toBe(`docs/runbooks/${alert}.md`);
    expect(exists(annotations.runbook)).toBe(true);
    const text = read(annotations.runbook);
    expect(text).toMatch(
      new RegExp(`^# ${alert}: .+\n\n.{80,}\n\n## How to look\n\n- [\\s\\S]+\n\n## What to do\n\n- `),
    );
    expect(read('docs/runbooks/README.md')).toContain(`](${alert}.md)`);
  });

  it('has tests in which it fires, and in which it does not', () => {
    const own = ruleTests().flatMap(({ alert_rule_test }) =>
      alert_rule_test.filter(({ alertname }) => alertname === alert),
    );
    expect(own.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    expect(
      ruleTests().some(
        ({ name, alert_rule_test }) =>
          name.startsWith(`${alert} is silent`) && alert_rule_test.every(({ exp_alerts }) => exp_alerts.length === 0),
      ),
    ).toBe(true);
  });
});

it('the chart carries the same rules and the same dashboard', () => {
  expect(chartFile('files/rules.yaml')).toBe(read('deploy/prometheus/rules.yaml'));
  expect(chartFile('files/freshet.json')).toBe(read('deploy/grafana/freshet.json'));
});
