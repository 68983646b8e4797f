import { mean } from '../base/mean.js';
import type { LensReport } from '../files/own/lens-json.js';
import { barChart, headMap, layersNamed, map, numbered, visible, type Chart } from './chart.js';

type Found<Part extends keyof LensReport> = NonNullable<LensReport[Part]>;

/** Most components, neurons and texts that are drawn. */
const COMPONENTS = 24;
const NEURONS = 20;

/** What a lens run found: charts of each of its parts, and what their numbers are. */
export function lensCharts(report: LensReport): {
  readonly charts: readonly Chart[];
  readonly caption: readonly string[];
} {
  const charts = [
    ...(report.logit_lens ? lensMaps(report.logit_lens) : []),
    ...(report.direct_attribution ? [parts(report.direct_attribution)] : []),
    ...(report.ov_qk ? [copying(report.ov_qk)] : []),
    ...(report.ffn_values ? [neurons(report.ffn_values)] : []),
    ...(report.head_detectors ? kinds(report.head_detectors) : []),
    ...(report.hit_at_k ? hits(report.hit_at_k) : []),
    ...(report.triggers ? [triggers(report.triggers)] : []),
    ...(report.neuron_increase ? [increases(report.neuron_increase)] : []),
  ];
  const caption = [
    ...(report.logit_lens
      ? ['Logit lens: the stream through the final norm with its own scale. Columns are prompts.']
      : []),
    ...(report.direct_attribution
      ? ['Direct attribution: means over the prompts, through the final norm with the scale of the whole stream.']
      : []),
  ];
  return { charts, caption };
}

function lensMaps({ prompts }: Found<'logit_lens'>): Chart[] {
  const count = prompts[0]!.layers.length;
  const rows = [...layersNamed(count - 1).map((layer) => `before ${layer}`), 'after the last'];
  const columns = prompts.map(({ row, answer_token: answer }) => `${row} ${visible(answer)}`);
  const table = (of: (layer: Found<'logit_lens'>['prompts'][number]['layers'][number]) => number): number[][] =>
    rows.map((_, l) => prompts.map(({ layers }) => of(layers[l]!)));
  const probability = { rows, columns, unit: 'probability', range: [0, 1] as const };
  const rank = { rows, columns, unit: 'log10 (1 + tokens before it)' };
  return [
    map({ ...probability, name: 'probability of the answer', values: table(({ p_answer }) => p_answer) }),
    map({ ...rank, name: 'rank of the answer', values: table((layer) => Math.log10(1 + layer.rank)) }),
  ];
}

/** The largest parts in the order of a run, and all others as one step. */
function parts({ components, values }: Found<'direct_attribution'>): Chart {
  const means = components.map((label, i) => ({ label, value: mean(values.map((ofPrompt) => ofPrompt[i]!)) }));
  const sizes = means.map(({ value }) => Math.abs(value)).toSorted((a, b) => b - a);
  const least = means.length > COMPONENTS ? sizes[COMPONENTS - 1]! : -1;
  const told = means.filter(({ value }) => Math.abs(value) >= least);
  const others = means.filter(({ value }) => !(Math.abs(value) >= least));
  const rest = { label: `${others.length} others`, value: others.reduce((sum, { value }) => sum + value, 0) };
  let sum = 0;
  const steps = [...told, ...(others.length > 0 ? [rest] : [])].map(({ label, value }) => {
    const from = sum;
    sum += value;
    return { label, value, from };
  });
  return barChart({
    name: 'direct attribution',
    bars: [...steps, { label: 'logit difference', value: sum }],
    unit: 'logits, mean over the prompts',
  });
}

function copying({ heads }: Found<'ov_qk'>): Chart {
  const values = Object.entries(heads).map(([name, head]) => [name, head.ov_eigenvalue_copying] as const);
  return headMap(values, {
    name: 'copying by the eigenvalues of OV',
    unit: 'sum of real parts / sum of sizes, by head',
    range: [-1, 1],
  });
}

function neurons({ layers }: Found<'ffn_values'>): Chart {
  const all = layers.flatMap((ofLayer, layer) =>
    ofLayer.map(({ neuron, effect, coefficient_mean: coefficient, top10, bottom3 }) => {
      const tokens = (coefficient < 0 ? bottom3 : top10).slice(0, 3).map(([token]) => visible(token));
      return { label: `m${layer}.n${neuron}: ${tokens.join(' ')}`, value: effect };
    }),
  );
  return barChart({
    name: 'MLP neurons and what they write',
    bars: all.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, NEURONS),
    unit: 'mean part of the logit difference',
  });
}

function kinds({ scores }: Found<'head_detectors'>): Chart[] {
  const plain = Object.entries(scores).filter(([name]) => !name.includes('.'));
  return plain.map(([name, { mul_mean: values }]) =>
    map({
      name: `${name.replaceAll('_', ' ')} heads`,
      rows: layersNamed(values.length),
      columns: numbered(values[0]?.length ?? 0),
      values,
      unit: 'share of the attention, by head',
      range: [0, 1],
    }),
  );
}

function hits({ k, model, circuit }: Found<'hit_at_k'>): Chart[] {
  const drawn = (name: string, hit: readonly number[]): Chart =>
    barChart({
      name,
      bars: k.map((place, i) => ({ label: `Hit@${place}`, value: hit[i]! })),
      unit: 'share of the prompts',
    });
  return [drawn('right answers of the model', model.hit), ...(circuit ? [drawn('in the circuit', circuit.hit)] : [])];
}

function triggers(found: Found<'triggers'>): Chart {
  const strongest = found.flatMap(({ layer, neuron, examples }) =>
    examples.slice(0, 1).map(({ token, line, coefficient }) => ({
      label: `m${layer}.n${neuron}: ${visible(token)}, line ${line}`,
      value: coefficient,
    })),
  );
  return barChart({ name: 'where neurons are most active', bars: strongest.slice(0, NEURONS), unit: 'coefficient' });
}

function increases({ neurons: found, without }: Found<'neuron_increase'>): Chart {
  const changes = without.length > 0;
  const rows = found.slice(0, NEURONS).map(({ layer, neuron, increase, increase_without: rest = 0 }) => ({
    label: `m${layer}.n${neuron}`,
    value: increase - rest,
  }));
  const name = changes ? `what neurons lose without ${without.join(', ')}` : "neurons and the answer's log-probability";
  return barChart({ name, bars: rows, unit: 'nats, mean over the prompts' });
}
