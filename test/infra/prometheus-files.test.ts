import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createSystemClock } from '../../shared/platform/clock.ts';
import { createPrometheusTelemetry } from '../../shared/platform/prometheus.ts';

const grafana = readFileSync('deploy/grafana-dashboard.json', 'utf8');
const rules = readFileSync('deploy/prometheus-rules.yml', 'utf8');

/** Every series that a scrape can have, without its labels. */
async function exposedSeries(): Promise<Set<string>> {
  const text = await createPrometheusTelemetry({ clock: createSystemClock() }).expose();
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_count', '_sum'].map((part) => `${name}${part}`) : [name],
    ),
  );
}

test.each([
  ['the dashboard of Grafana', grafana],
  ['the rules of Prometheus', rules],
])('%s asks for what /metrics has', async (_, text) => {
  const asked = new Set([...text.matchAll(/\bfeature_store_\w+/g)].map(([name]) => name));
  expect(asked.size).toBeGreaterThan(4);
  expect([...(await exposedSeries())]).toEqual(expect.arrayContaining([...asked]));
});

test('the dashboard shows all that /metrics has', async () => {
  const panels = z.object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) });
  const shown = JSON.stringify(panels.parse(JSON.parse(grafana)));
  const names = [...(await exposedSeries())].map((name) => name.replace(/_(bucket|count|sum)$/, ''));
  for (const name of new Set(names)) expect(shown).toContain(name);
});

test('each alert of the rules names an entry of the runbook', () => {
  const runbook = readFileSync('docs/runbook.md', 'utf8');
  const named = [...rules.matchAll(/runbook: docs\/runbook\.md#([a-z-]+)/g)].map(([, entry]) => entry);
  expect(named).toHaveLength([...rules.matchAll(/- alert: /g)].length);
  for (const entry of named) expect(runbook).toContain(`\n## ${entry}\n`);
});
