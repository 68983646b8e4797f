import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHECK_CASES, CHECKED_GRADIENT, CHECKED_METRICS, type CheckCase } from '../../../src/check/cases.js';
import { checkModel } from '../../../src/check/sample-model.js';
import { checkCircuits, checkPairs } from '../../../src/check/samples.js';
import { REFERENCES, type CheckReference } from '../../../src/check/references.gen.js';
import { flattenChecked } from '../../../src/check/self-test.js';
import type { MetricName } from '../../../src/readout/metrics.js';
import { meanOver, oraclesOf } from '../../support/attribution.js';
import { meanWriters, zeroWriters } from '../../oracle/ablation.js';
import { metricValue } from '../../oracle/metrics.js';
import { ablationValues, loadOracle, runCircuit, runModel, type AblationValues } from '../../oracle/model.js';

// The self-test's stored references are the float64 oracle's. `npm run references` writes them anew.

async function oracleReference(check: CheckCase): Promise<CheckReference> {
  const metrics = await oracleMetrics(check);
  return check.gradients ? { metrics, scores: await oracleScores(check) } : { metrics };
}

/** Scores of all addition edges, by central differences of the metric. */
async function oracleScores(check: CheckCase): Promise<number[]> {
  const { ablation, input } = check;
  const model = await checkModel(check);
  const oracles = await oraclesOf(model, checkPairs(check), { metric: CHECKED_GRADIENT, ablation, input });
  const { additionEdges } = oracles[0]!.model.topology;
  return meanOver(oracles, (oracle) => oracle.edges([...Array(additionEdges).keys()], [{ weight: 1 }]));
}

async function oracleMetrics(check: CheckCase): Promise<number[]> {
  const model = await loadOracle(await checkModel(check), check.input);
  const pairs = checkPairs(check);
  const clean = pairs.map((pair) => runModel(model, pair.clean));
  const ids = pairs.map((pair) => pair.clean);
  const ablated = pairs.map((pair): AblationValues => {
    const length = pair.clean.length;
    switch (check.ablation) {
      case 'resample':
        return runModel(model, pair.corrupted);
      case 'zero':
        return ablationValues(model, zeroWriters(model, length));
      default:
        return ablationValues(model, meanWriters(model, clean, ids, length));
    }
  });
  const { vocab } = check.spec;
  const values = checkCircuits(check, model.topology).map((circuit) => {
    const perMetric = Object.fromEntries(CHECKED_METRICS.map((name) => [name, [] as number[]]));
    pairs.forEach((pair, n) => {
      const row = (logits: Float64Array): Float64Array =>
        logits.subarray(pair.position * vocab, (pair.position + 1) * vocab);
      const logits = row(runCircuit(model, pair.clean, circuit, ablated[n]!).logits);
      for (const name of CHECKED_METRICS) {
        perMetric[name]!.push(
          metricValue(name as Exclude<MetricName, 'accuracy'>, { ...pair, logits, clean: row(clean[n]!.logits) }),
        );
      }
    });
    return perMetric;
  });
  return flattenChecked(values);
}

const rounded = (values: readonly number[] = []): number[] => values.map((value) => Number(value.toPrecision(12)));

test('the stored references are what the float64 oracle computes', async () => {
  const computed = await Promise.all(CHECK_CASES.map(oracleReference));
  if (process.env['EDGEWISE_WRITE_REFERENCES']) {
    const lines = computed.map(({ metrics, scores }) => {
      const written = scores ? `, scores: [${rounded(scores).join(', ')}]` : '';
      return `  { metrics: [${rounded(metrics).join(', ')}]${written} },\n`;
    });
    writeFileSync(
      new URL('../../../src/check/references.gen.ts', import.meta.url),
      `// Written by npm run references from the float64 oracle. Do not edit.\n\n/** Of a case of cases.ts: metrics circuit by circuit, metric by metric, prompt by prompt; scores of all addition edges. */\nexport interface CheckReference {\n  readonly metrics: readonly number[];\n  readonly scores?: readonly number[];\n}\n\nexport const REFERENCES: readonly CheckReference[] = [\n${lines.join('')}];\n`,
    );
    return;
  }
  expect(REFERENCES.length).toBe(CHECK_CASES.length);
  computed.forEach(({ metrics, scores }, i) => {
    expectStored(`case ${i}, metric`, metrics, REFERENCES[i]!.metrics);
    expectStored(`case ${i}, score`, scores ?? [], REFERENCES[i]!.scores ?? []);
  });
}, 120_000);

function expectStored(what: string, values: readonly number[], stored: readonly number[]): void {
  expect(values.length, what).toBe(stored.length);
  values.forEach((value, j) => {
    const off = Math.abs(value - stored[j]!);
    if (!(off <= 1e-9 * Math.max(1, Math.abs(value)))) expect.fail(`${what} ${j}: ${value}, stored ${stored[j]}`);
  });
}
