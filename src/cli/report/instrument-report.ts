import type { InstrumentFile, InstrumentResult } from '../../files/index.js';
import { lensLines } from './lens-report.js';
import { fixed, signed, table } from './text-report.js';

/** Most rows of a list. */
const MOST = 15;

/** What an instrument found, to be read on a terminal. */
export function instrumentText(file: InstrumentFile): string {
  const { task, model, prompts } = file.of;
  const title = `${model.name}, ${task.name}, ${prompts.count} prompts`;
  return `${[title, '', ...linesOf(file)].join('\n')}\n`;
}

function linesOf(file: InstrumentFile): string[] {
  switch (file.instrument) {
    case 'causal-tracing': {
      const { row, answer_token: answer, tokens, noised, nu } = file.result;
      const of = nu === null ? '' : ` of standard deviation ${fixed(nu, 4)}`;
      const names = tokens.map(
        (token, t) => `${String(t).padStart(3)} ${noised.includes(t) ? '*' : ' '} ${JSON.stringify(token)}`,
      );
      return [
        `causal tracing of prompt ${row}: probability of ${JSON.stringify(answer)}; * = noise${of}`,
        ...traceLines(file.result, names),
      ];
    }
    case 'causal-tracing-averaged':
      return [
        'causal tracing: probability of the answer, by what a token is to its prompt',
        ...traceLines(file.result, file.result.roles),
      ];
    case 'activation-patching':
      return patchingLines(file.result);
    case 'steering': {
      const { base, steered, metric, place, layer, scale } = file.result;
      return [
        `a vector times ${scale} added at ${place}, layer ${layer}`,
        `${metric}  ${fixed(base.metric, 4)} -> ${fixed(steered.metric, 4)}`,
        `probability of the right answers  ${fixed(base.p, 4)} -> ${fixed(steered.p, 4)}`,
      ];
    }
    case 'path-patching': {
      const { senders, receivers, mlps, metric, clean, corrupted, mean, effect, normalised } = file.result;
      return [
        `${senders.join(', ')} -> ${receivers.join(', ')}, MLPs ${mlps}`,
        `mean ${metric}  clean ${fixed(clean.mean, 4)}, patched ${fixed(mean, 4)}, corrupted ${fixed(corrupted.mean, 4)}`,
        `effect ${signed(effect)}, ${fixed(100 * normalised, 1)} % of that of the whole corruption`,
      ];
    }
    case 'knockout':
      return knockoutLines(file.result);
    case 'node-ablation':
      return ablationLines(file.result);
    case 'lens':
      return lensLines(file.result);
  }
}

type Trace = Pick<InstrumentResult<'causal-tracing'>, 'high' | 'low' | 'embed' | 'resid_post' | 'mlp_out' | 'attn_out'>;

function traceLines(
  { high, low, embed, resid_post: streams, mlp_out: mlps, attn_out: attention }: Trace,
  names: readonly string[],
): string[] {
  const layers = streams[0]!.map((_, layer) => String(layer));
  const rows = (name: string, values: readonly (readonly number[])[], columns: readonly string[]): string[] => [
    '',
    name,
    ...table(
      [['', ...columns], ...values.map((row, t) => [names[t]!, ...row.map((value) => fixed(value, 4))])],
      columns.map((_, i) => i + 1),
    ),
  ];
  const windows = (name: string, tables: Readonly<Record<string, readonly (readonly number[])[]>>): string[] =>
    Object.entries(tables).flatMap(([width, values]) =>
      rows(`${name}, window of ${width}, by its centre`, values, layers),
    );
  return [
    `clean run ${fixed(high, 4)}, with noise ${fixed(low, 4)}`,
    ...rows(
      'restored: the embedding, or the stream after a layer',
      streams.map((row, t) => [embed[t]!, ...row]),
      ['embed', ...layers],
    ),
    ...windows('restored: MLP outputs', mlps ?? {}),
    ...windows('restored: attention outputs', attention),
  ];
}

function patchingLines({
  direction,
  metric,
  clean,
  corrupted,
  normalised,
}: InstrumentResult<'activation-patching'>): string[] {
  const sites = Object.entries(normalised).flatMap(([place, layers]) =>
    layers.flatMap((ofLayer, layer) =>
      ofLayer.flatMap((one, i) => {
        const byHead = place.endsWith('_all_positions');
        if (Array.isArray(one)) {
          return one.map((value, head) => ({ name: `z of a${layer}.h${head} at position ${i}`, value }));
        }
        const name = byHead
          ? `${place.replace('_all_positions', '')} of a${layer}.h${i}, all positions`
          : `${place} of layer ${layer} at position ${i}`;
        return [{ name, value: one }];
      }),
    ),
  );
  const strongest = sites.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MOST);
  return [
    `activation patching, ${direction}: share of the effect that one activation carries`,
    `mean ${metric}  clean ${fixed(clean, 4)}, corrupted ${fixed(corrupted, 4)}`,
    '',
    `the ${strongest.length} strongest of ${sites.length}; --json has all`,
    ...table(
      strongest.map(({ name, value }) => [name, fixed(value, 4)]),
      [1],
    ),
  ];
}

function knockoutLines({ base, layers, roles, window, metric }: InstrumentResult<'knockout'>): string[] {
  const rows = [...(roles ? [{ role: 'all before it', layers }] : [{ role: 'blocked', layers }]), ...(roles ?? [])];
  const lines = rows.flatMap(({ role, layers: ofRole }) =>
    ofRole.map((one, layer) => [
      role,
      window === 'all' ? 'all' : String(layer),
      fixed(one.p, 4),
      one.p_relative === null ? '-' : `${fixed(100 * one.p_relative, 1)} %`,
      fixed(one.metric, 4),
      signed(one.metric_change),
    ]),
  );
  return [
    'attention of the measured position, blocked',
    `base: probability of the right answers ${fixed(base.p, 4)}, ${metric} ${fixed(base.metric, 4)}`,
    '',
    ...table([['positions', 'layer', 'probability', 'change', metric, 'change'], ...lines], [1, 2, 3, 4, 5]),
  ];
}

function ablationLines({ ablated, value, metric, base, rows }: InstrumentResult<'node-ablation'>): string[] {
  const strongest = rows.toSorted((a, b) => Math.abs(b.metric_change) - Math.abs(a.metric_change)).slice(0, MOST);
  return [
    `${ablated} one by one set to ${value === 'zero' ? 'zero' : 'their mean'}; ${metric} of the whole model ${fixed(base.metric, 4)}`,
    '',
    `the ${strongest.length} that change it most, of ${rows.length}`,
    ...table(
      [
        ['node', metric, 'change'],
        ...strongest.map((one) => [one.node, fixed(one.metric, 4), signed(one.metric_change)]),
      ],
      [1, 2],
    ),
  ];
}
