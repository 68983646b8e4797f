import type { Measure } from '../../data/measure.js';
import { formatCount, formatPercent } from '../../view/format.js';
import type { MeasureWords } from '../../view/measure-words.js';
import type { DisplayEdge } from '../display-edges.js';
import type { DisplayNode } from '../display-graph.js';
import { isFine, type Scene } from '../scene.js';
import { mix } from './color.js';
import { widthOf, type StyleContext } from './style.js';

/** One line of the legend: a mark and its meaning. A line without a mark is a remark on the whole drawing. */
export interface LegendEntry {
  readonly swatch: Swatch | null;
  readonly text: string;
}

export type Swatch =
  | { readonly kind: 'line'; readonly color: string; readonly width: number; readonly dashed: boolean }
  | {
      readonly kind: 'dot';
      /** `box`: a rounded box of the figure. */
      readonly shape: 'circle' | 'square' | 'ringed' | 'box';
      readonly fill: string;
      readonly border: string;
      /** Radius or half the side, in CSS pixels. */
      readonly size: number;
    };

export interface LegendContext extends StyleContext {
  /** The number that is drawn, and what it is in words. */
  readonly measure: Measure;
  readonly words: Pick<MeasureWords, 'quantity' | 'about'>;
  /** It is known what a positive number means. */
  readonly signKnown: boolean;
  /** Names of the circuits that are compared. */
  readonly comparing: { readonly a: string; readonly b: string } | null;
}

/** The legend of a scene. It names only what the scene shows. */
export function legendOf(scene: Scene, context: LegendContext): LegendEntry[] {
  const drawn = scene.graph.mapEdges((_, edge) => edge);
  const edges = drawn.filter(({ kind }) => kind !== 'shared');
  if (edges.length === 0) return [];
  const entries = [
    ...hueEntries(scene, edges, context),
    ...stateEntries(scene, edges, context),
    ...widthEntries(scene, edges, context),
  ];
  const { palette, words } = context;
  if (drawn.length > edges.length) {
    entries.push(dashes(scene, palette.neutral, 1, 'keys and values to the heads that share them'));
  }
  if (scene.reads.length > 0) {
    entries.push({
      swatch: { kind: 'line', color: palette.attention, width: 3, dashed: false },
      text: 'where a head reads, as wide as its share of attention',
    });
  }
  entries.push(...nodeEntries(scene, context));
  if (edges.some((edge) => edge.effect !== null && edge.effect !== 0)) entries.push(remark(words.about));
  if (scene.graph.someNode((_, { tabs }) => tabs.some(({ port }) => port !== null))) {
    entries.push(remark('q, k and v at the lower edge of a head: its query, key and value.'));
  }
  if (scene.tokens.some(({ changed }) => changed)) {
    entries.push({
      swatch: { kind: 'line', color: palette.onlyA, width: 3, dashed: false },
      text: 'another token in the corrupted prompt',
    });
  }
  if (scene.tokens.some(({ measured }) => measured)) {
    entries.push(remark('What follows the bold token is measured.'));
  }
  if (!isFine(scene)) entries.push(remark('Edges lead upwards, from the node that writes to the one that reads.'));
  return entries;
}

function hueEntries({ graph }: Scene, edges: readonly DisplayEdge[], context: LegendContext): LegendEntry[] {
  const { palette, hue, signKnown, comparing } = context;
  const decided = edges.filter((edge) => !edge.pending);
  if (hue === 'sign' && decided.some((edge) => edge.class !== null)) {
    const { a, b } = comparing ?? { a: 'A', b: 'B' };
    return present(decided, [
      [(edge) => edge.class === 'both', palette.both, 'in both circuits'],
      [(edge) => edge.class === 'only-a', palette.onlyA, `only in A: ${a}`],
      [(edge) => edge.class === 'only-b', palette.onlyB, `only in B: ${b}`],
      [(edge) => edge.class === 'flipped', palette.flipped, 'in both, with opposite signs'],
    ]);
  }
  if (hue === 'port') {
    return present(decided, [
      [(edge) => edge.port === 'q', palette.q, 'into queries (q)'],
      [(edge) => edge.port === 'k', palette.k, 'into keys (k)'],
      [(edge) => edge.port === 'v', palette.v, 'into values (v)'],
      [(edge) => edge.port === 'several', palette.neutral, 'into several of q, k and v'],
      [(edge) => edge.port === 'out', palette.neutral, 'into an MLP or logits'],
    ]);
  }
  if (hue === 'source') {
    const from = new Set(
      graph.mapEdges((_, __, source) =>
        graph.getNodeAttribute(source, 'layer') === null ? 'input' : graph.getNodeAttribute(source, 'kind'),
      ),
    );
    const heads = palette.sources.heads;
    return [
      ...(from.has('head') || from.has('port') || from.has('group')
        ? [line(heads[0]!, 'from heads of the first layer'), line(heads.at(-1)!, 'from heads of the last layer')]
        : []),
      ...(from.has('mlp') ? [line(palette.sources.mlp, 'from MLPs')] : []),
      ...(from.has('input') ? [line(palette.neutral, 'from the input')] : []),
    ];
  }
  const zero = decided.some((edge) => edge.effect === 0);
  const unmeasured = decided.some((edge) => edge.effect === null);
  const none = signKnown ? 'no effect' : 'score 0';
  return present(decided, [
    [(edge) => (edge.effect ?? 0) > 0, palette.helps, signKnown ? 'helps the task' : 'score > 0'],
    [(edge) => (edge.effect ?? 0) < 0, palette.hurts, signKnown ? 'hurts the task' : 'score < 0'],
    [(edge) => edge.effect === 0, palette.neutral, `${none}${unmeasured ? ', or not measured' : ''}`],
    [(edge) => edge.effect === null && !zero, palette.neutral, 'not measured'],
  ]);
}

function stateEntries(scene: Scene, edges: readonly DisplayEdge[], { palette }: LegendContext): LegendEntry[] {
  const entries: LegendEntry[] = [];
  const faint = mix(palette.background, palette.neutral, 0.5);
  const idle = edges.reduce((count, edge) => count + edge.idle, 0);
  if (idle > 0) entries.push(line(faint, `carries nothing: ${formatCount(idle)} ${idle === 1 ? 'edge' : 'edges'}`));
  if (edges.some((edge) => !edge.inCircuit && !edge.pending && !edge.deciding)) {
    entries.push(dashes(scene, faint, 2, 'paler: not in the circuit'));
  }
  if (edges.some((edge) => edge.pending)) entries.push(dashes(scene, faint, 1, 'not decided on yet'));
  const last = edges.find((edge) => edge.deciding);
  if (last) {
    const text = `decided on last: ${last.inCircuit ? 'kept' : 'removed'}`;
    entries.push({ swatch: { kind: 'line', color: palette.selected, width: 3, dashed: !last.inCircuit }, text });
  }
  return entries;
}

/** Only edges that are drawn one by one can be dashed. */
function dashes(scene: Scene, color: string, width: number, text: string): LegendEntry {
  return { swatch: { kind: 'line', color, width, dashed: isFine(scene) }, text };
}

/** Two widths: that of the strongest edge, and that of an edge with a tenth of its number. None where all are equal. */
function widthEntries(scene: Scene, edges: readonly DisplayEdge[], context: LegendContext): LegendEntry[] {
  const { palette, words, measure } = context;
  const most = edges.reduce((largest, edge) => Math.max(largest, Math.abs(edge.effect ?? 0)), 0);
  const isEven = edges.length > 1 && edges.every(({ strength }) => strength === edges[0]!.strength);
  if (most === 0 || isEven) return [];
  return [1, 0.1].map((share): LegendEntry => {
    const width = widthOf(share, scene.boxed, isFine(scene));
    const number = measure === 'share' ? formatPercent(share * most) : short(share * most);
    return {
      swatch: { kind: 'line', color: palette.neutral, width, dashed: false },
      text: `${words.quantity} ${number}`,
    };
  });
}

function nodeEntries({ graph, boxed }: Scene, { palette }: LegendContext): LegendEntry[] {
  const quiet = (node: DisplayNode): boolean => !boxed && !node.connected && !node.pinned && node.kind !== 'port';
  const kinds = new Set(graph.filterNodes((_, node) => !quiet(node)).map((id) => graph.getNodeAttribute(id, 'kind')));
  const fills = boxed ? palette.boxes : palette;
  const dot = (shape: 'circle' | 'square' | 'ringed', fill: string, text: string, size = 6): LegendEntry => ({
    swatch: {
      kind: 'dot',
      shape: boxed ? 'box' : shape,
      fill,
      border: shape === 'ringed' || boxed ? palette.text : fill,
      size,
    },
    text,
  });
  const entries: LegendEntry[] = [];
  if (kinds.has('head')) entries.push(dot('circle', fills.head, 'attention head (layer.head)'));
  if (kinds.has('kv')) entries.push(dot('ringed', fills.head, 'key/value head (layer.kv)'));
  if (kinds.has('mlp')) entries.push(dot('square', fills.mlp, 'MLP'));
  if (kinds.has('feature')) entries.push(dot('circle', fills.head, 'feature'));
  if (kinds.has('error')) entries.push(dot('square', fills.mlp, 'what features leave of an MLP'));
  if (kinds.has('input') || kinds.has('logits')) entries.push(dot('ringed', fills.terminal, 'input, logits'));
  if (kinds.has('group')) entries.push(dot('ringed', fills.group, 'group of nodes'));
  if (kinds.has('port')) {
    for (const [port, text] of [
      ['q', 'query of a head'],
      ['k', 'key'],
      ['v', 'value'],
    ] as const) {
      if (graph.someNode((_, node) => node.port === port)) entries.push(dot('circle', palette[port], text, 3.5));
    }
  }
  if (graph.someNode((_, node) => quiet(node))) entries.push(dot('circle', palette.quiet, 'without edges here', 2.5));
  if (graph.someNode((_, node) => node.pinned)) entries.push({ ...dot('ringed', palette.background, 'pinned') });
  return entries;
}

type Rule = readonly [fits: (edge: DisplayEdge) => boolean, color: string, text: string];

function present(edges: readonly DisplayEdge[], rules: readonly Rule[]): LegendEntry[] {
  return rules.filter(([fits]) => edges.some(fits)).map(([, color, text]) => line(color, text));
}

function line(color: string, text: string): LegendEntry {
  return { swatch: { kind: 'line', color, width: 3, dashed: false }, text };
}

function remark(text: string): LegendEntry {
  return { swatch: null, text };
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}
