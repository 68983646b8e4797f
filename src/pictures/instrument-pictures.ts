import type { InstrumentFile, InstrumentResult } from '../files/own/instrument-json.js';
import { bars } from './bars.js';
import { barChart, headMap, layersNamed, map, numbered, visible, type Chart } from './chart.js';
import { heatMap } from './heat-map.js';
import { lensCharts } from './lens-pictures.js';
import { flowed, sheet } from './sheet.js';
import type { Picture } from './svg-element.js';

/** Most neurons that are drawn. */
const MOST_NEURONS = 30;

/** What an instrument found, as charts. */
export interface Charts {
  readonly title: string;
  readonly charts: readonly Chart[];
  /** What the numbers are, a sentence a line. */
  readonly caption: readonly string[];
}

/** The charts as one picture. */
export function picturesOf(file: InstrumentFile): Picture {
  const { title, charts, caption } = chartsOf(file);
  return sheet(flowed(charts.map((chart) => (chart.kind === 'map' ? heatMap(chart) : bars(chart)))), title, caption);
}

/** Model, task and number of prompts that a result is of. */
export function ranOn({ of: { task, model, prompts } }: InstrumentFile): string {
  return `${model.name}, ${task.name}, ${prompts.count} ${prompts.count === 1 ? 'prompt' : 'prompts'}`;
}

export function chartsOf(file: InstrumentFile): Charts {
  const { title, ...rest } = drawing(file);
  return { title: `${title}: ${ranOn(file)}`, ...rest };
}

function drawing(file: InstrumentFile): Charts {
  switch (file.instrument) {
    case 'causal-tracing': {
      const { tokens, noised, row, answer_token: answer } = file.result;
      const rows = tokens.map((token, t) => `${noised.includes(t) ? '* ' : ''}${visible(token)}`);
      const about = `Probability of ${visible(answer)} when one state gets its clean value back. * marks tokens with noise.`;
      return {
        title: `Causal tracing of prompt ${row}`,
        charts: traceMaps(file.result, rows),
        caption: [about, ends(file.result)],
      };
    }
    case 'causal-tracing-averaged': {
      const about =
        'Probability of the answer when one state gets its clean value back, by what a token is to its prompt.';
      return {
        title: 'Causal tracing',
        charts: traceMaps(file.result, file.result.roles),
        caption: [about, ends(file.result)],
      };
    }
    case 'activation-patching':
      return {
        title: `Activation patching, ${file.result.direction}`,
        charts: patchingMaps(file.result),
        caption: [`Share of the ${file.result.metric} that one patch moves: 1 = all from corrupted to clean, or back.`],
      };
    case 'steering': {
      const { base, steered, place, layer, scale, metric } = file.result;
      const rows = base.metric_per_prompt.map((before, n) => ({
        label: `prompt ${n}`,
        value: steered.metric_per_prompt[n]! - before,
      }));
      return {
        title: `Steering at ${place}, layer ${layer}`,
        charts: [barChart({ name: `change of ${metric}`, bars: rows, unit: `scale ${scale}` })],
        caption: [`Mean ${metric}: ${base.metric.toFixed(3)} before, ${steered.metric.toFixed(3)} with the vector.`],
      };
    }
    case 'path-patching': {
      const { clean, corrupted, mean, metric, senders, receivers, mlps, normalised } = file.result;
      const rows = [
        { label: 'clean run', value: clean.mean },
        { label: 'path patched', value: mean },
        { label: 'corrupted run', value: corrupted.mean },
      ];
      return {
        title: 'Path patching',
        charts: [
          barChart({ name: `${senders.join(', ')} to ${receivers.join(', ')}`, bars: rows, unit: `mean ${metric}` }),
        ],
        caption: [`MLPs ${mlps}. Of the whole effect: ${(100 * normalised).toFixed(1)} %.`],
      };
    }
    case 'knockout':
      return { title: `Attention knockout, window ${file.result.window}`, ...knockoutMaps(file.result) };
    case 'lens':
      return { title: 'Lens', ...lensCharts(file.result) };
    case 'node-ablation':
      return {
        title: `${file.result.ablated} ablated one by one`,
        charts: ablationCharts(file.result),
        caption: [
          `Change of ${file.result.metric} with ${file.result.value} in the node's place. Below 0: the node helps.`,
        ],
      };
  }
}

function ends({ high, low }: { readonly high: number; readonly low: number }): string {
  return `Clean run ${high.toFixed(3)}, with noise ${low.toFixed(3)}.`;
}

type Trace = Pick<InstrumentResult<'causal-tracing'>, 'high' | 'low' | 'embed' | 'resid_post' | 'mlp_out' | 'attn_out'>;

function traceMaps(
  { high, low, embed, resid_post: streams, mlp_out: mlps, attn_out: attention }: Trace,
  rows: readonly string[],
): Chart[] {
  const layers = numbered(streams[0]!.length);
  const range = [Math.min(0, low), Math.max(high, low)] as const;
  const common = { rows, unit: 'probability', range };
  const windows = (kind: string, tables: Readonly<Record<string, readonly (readonly number[])[]>>): Chart[] =>
    Object.entries(tables).map(([width, values]) =>
      map({ ...common, name: `${kind}, window of ${width}`, columns: layers, values }),
    );
  return [
    map({
      ...common,
      name: 'residual stream after a layer',
      columns: ['embedding', ...layers],
      values: streams.map((ofToken, t) => [embed[t]!, ...ofToken]),
    }),
    ...windows('MLP', mlps ?? {}),
    ...windows('attention', attention),
  ];
}

function patchingMaps({ normalised }: InstrumentResult<'activation-patching'>): Chart[] {
  const layers = layersNamed(normalised.resid_pre.length);
  const unit = 'share of the effect';
  const byPosition = ([name, values]: readonly [string, readonly (readonly number[])[]]): Chart =>
    map({ name: `${name}, by position`, rows: layers, columns: numbered(values[0]!.length), values, unit });
  const byHead = ([name, values]: readonly [string, readonly (readonly number[])[]]): Chart =>
    map({
      name: `${name} of a head, all positions`,
      rows: layers,
      columns: numbered(values[0]!.length),
      values,
      unit,
    });
  return [
    byPosition(['residual stream before a layer', normalised.resid_pre]),
    byPosition(['attention output', normalised.attn_out]),
    ...(normalised.mlp_out ? [byPosition(['MLP output', normalised.mlp_out])] : []),
    byHead(['output', normalised.z_all_positions]),
    byHead(['query', normalised.q_all_positions]),
    byHead(['key', normalised.k_all_positions]),
    byHead(['value', normalised.v_all_positions]),
    byHead(['pattern', normalised.pattern_all_positions]),
  ];
}

function knockoutMaps({ layers, roles, window, metric, base }: InstrumentResult<'knockout'>): Omit<Charts, 'title'> {
  const rows = [{ role: 'all of these', layers }, ...(roles ?? [])];
  const columns = window === 'all' ? ['all layers'] : numbered(layers.length);
  const table = (of: (layer: (typeof layers)[number]) => number | null): (number | null)[][] =>
    rows.map((row) => row.layers.map(of));
  const names = roles ? rows.map(({ role }) => role) : ['blocked'];
  return {
    charts: [
      map({
        name: 'relative change of the answer’s probability',
        rows: names,
        columns,
        values: table(({ p_relative }) => p_relative),
        unit: '(p - base) / base',
      }),
      map({
        name: `change of ${metric}`,
        rows: names,
        columns,
        values: table((one) => one.metric_change),
        unit: metric,
      }),
    ],
    caption: [
      `Base: probability ${base.p.toFixed(3)}, ${metric} ${base.metric.toFixed(3)}. Columns are the centres of windows.`,
    ],
  };
}

function ablationCharts({ ablated, rows, metric }: InstrumentResult<'node-ablation'>): Chart[] {
  if (ablated !== 'heads') {
    const strongest = rows
      .toSorted((a, b) => Math.abs(b.metric_change) - Math.abs(a.metric_change))
      .slice(0, MOST_NEURONS);
    const drawn = ablated === 'mlps' ? rows : strongest;
    return [
      barChart({
        name: ablated === 'mlps' ? 'MLPs' : `the ${drawn.length} neurons that change it most`,
        bars: drawn.map(({ node, metric_change: value }) => ({ label: node, value })),
        unit: `change of ${metric}`,
      }),
    ];
  }
  const values = rows.map(({ node, metric_change: value }) => [node, value] as const);
  return [headMap(values, { name: 'heads', unit: `change of ${metric}` })];
}
