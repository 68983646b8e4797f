import { BRANCHES } from '../../src/circuit/nodes.js';
import type { CircuitData, EdgeRecord, NodeRecord } from '../data/circuit-data.js';
import type { Group } from '../data/saved-view.js';

/** The grammar for the reader: examples, and what they find. All terms of a query must hold. */
export const SEARCH_HELP: readonly (readonly [example: string, meaning: string])[] = [
  ['9.9  or  a9.h9', 'head 9 of layer 9 (9. is all of that layer)'],
  ['9.kv1', 'key/value head 1 of layer 9, where heads share their keys and values'],
  ['m3  or  mlp 3', 'the MLP of layer 3'],
  ['input, logits, head, kv, mlp', 'nodes of that kind'],
  ['layer:9  or  layer:3-7', 'nodes of one layer, or of several layers'],
  ['q, k, v, direct', 'edges into that port, direct edges'],
  ['9.9->10.7', 'edges from one node to another; one side may be empty'],
  ['q->10.7  or  ->10.7<q>', 'edges into the q port of head 10.7'],
  ['helps, hurts', 'edges by sign'],
  ['effect>0.1, |effect|>=0.1', 'edges by effect, with or without its sign; also rank<=10, step<50'],
  ['group name', 'the members of a group; quote a name with spaces'],
];

/** Names of the nodes and edges that a query finds. */
export interface Found {
  readonly nodes: ReadonlySet<string>;
  readonly edges: ReadonlySet<string>;
}

/** One condition. A condition on nodes holds for an edge if it holds for one of its ends. */
type Term =
  | { readonly on: 'nodes'; readonly names: ReadonlySet<string> }
  | { readonly on: 'edges'; readonly fits: (edge: EdgeRecord) => boolean };

/**
 * Finds nodes and edges by the grammar of SEARCH_HELP. Null for an empty query. A word without a meaning finds nothing.
 *
 * - edges: those that meet all conditions
 * - nodes: those that meet all conditions, if every condition is on nodes. If no node does, or if a condition is on
 *   edges: the ends of the found edges
 */
export function search(data: CircuitData, query: string, groups: readonly Group[] = []): Found | null {
  const words = wordsOf(query);
  if (words.length === 0) return null;
  const terms = words.map((word) => termOf(word, data, groups));
  const edges = data.edges.filter((edge) =>
    terms.every((term) =>
      term.on === 'edges' ? term.fits(edge) : term.names.has(edge.source) || term.names.has(edge.target),
    ),
  );
  const [first, ...others] = terms.map((term) => (term.on === 'nodes' ? term.names : new Set<string>()));
  const nodes = [...first!].filter((name) => others.every((names) => names.has(name)));
  return {
    nodes: new Set(nodes.length > 0 ? nodes : edges.flatMap(({ source, target }) => [source, target])),
    edges: new Set(edges.map((edge) => edge.id)),
  };
}

interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** The words of a query in lower case. `9.9 -> 10.7`, `effect > 0.1` and `mlp 3` are one word each. */
function wordsOf(query: string): Word[] {
  const words: Word[] = [];
  for (const match of query
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .matchAll(/"([^"]*)"?|([^"]+)/g)) {
    if (match[1] !== undefined) {
      if (match[1].trim() !== '') words.push({ text: match[1].trim(), quoted: true });
      continue;
    }
    const plain = match[2]!
      .replace(/ ?(->|→|:|[<>]=?(?![qkv]>)|=) ?(?=\S)/g, tight)
      .replace(/\b(mlp|layer) (?=\d)/g, '$1');
    for (const text of plain.split(' ')) if (text !== '') words.push({ text, quoted: false });
  }
  return words;
}

function tight(spaced: string): string {
  const sign = spaced.trim();
  return sign === '→' ? '->' : sign;
}

function termOf({ text, quoted }: Word, data: CircuitData, groups: readonly Group[]): Term {
  if (quoted) return { on: 'nodes', names: inGroups(text, groups) };
  if (text.includes('->')) return { on: 'edges', fits: pathOf(text, data, groups) };
  return edgeTerm(text) ?? { on: 'nodes', names: nodesNamed(text, data) ?? inGroups(text, groups) };
}

function edgeTerm(text: string): Term | null {
  const fits = edgeWords.get(text) ?? comparison(text);
  return fits && { on: 'edges', fits };
}

const edgeWords: ReadonlyMap<string, (edge: EdgeRecord) => boolean> = new Map([
  ...BRANCHES.map((branch) => [branch, (edge: EdgeRecord) => edge.port === branch] as const),
  ['direct', (edge: EdgeRecord) => edge.kind === 'direct'],
  ['helps', (edge: EdgeRecord) => (edge.effect ?? 0) > 0],
  ['hurts', (edge: EdgeRecord) => (edge.effect ?? 0) < 0],
]);

/** `effect>0.1`, `|effect|<=2e-3`, `rank<10`, `step=0`. An edge without the value does not fit. */
function comparison(text: string): ((edge: EdgeRecord) => boolean) | null {
  const match = /^(effect|\|effect\||rank|step)(>=|<=|>|<|=)(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/.exec(text);
  if (!match) return null;
  const [, quantity, sign, number] = match;
  const limit = Number(number);
  return (edge) => {
    const value = valueOf(edge, quantity!);
    return value !== null && holds(value, sign!, limit);
  };
}

function valueOf(edge: EdgeRecord, quantity: string): number | null {
  switch (quantity) {
    case 'rank':
      return edge.rank;
    case 'step':
      return edge.step;
    case 'effect':
      return edge.effect;
    default:
      return edge.effect === null ? null : Math.abs(edge.effect);
  }
}

function holds(value: number, sign: string, limit: number): boolean {
  switch (sign) {
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    default:
      return value === limit;
  }
}

/** `from->to`. `from` may be the letter of a port. `to` may end in a port. The name of an edge is such a path too. */
function pathOf(text: string, data: CircuitData, groups: readonly Group[]): (edge: EdgeRecord) => boolean {
  const arrow = text.indexOf('->');
  const from = endOf(text.slice(0, arrow), data, groups);
  const to = endOf(text.slice(arrow + 2), data, groups);
  return (edge) =>
    (from.names?.has(edge.source) ?? true) &&
    (to.names?.has(edge.target) ?? true) &&
    (from.port === null || from.port === edge.port) &&
    (to.port === null || to.port === edge.port) &&
    // A node with a port on the left is a direct edge: `a3.h0<q>->a3.h0`.
    (from.port === null || from.names === null || edge.kind === 'direct');
}

interface PathEnd {
  /** Null = any node. */
  readonly names: ReadonlySet<string> | null;
  readonly port: string | null;
}

function endOf(text: string, data: CircuitData, groups: readonly Group[]): PathEnd {
  const match = /^(.*?)(?:<([qkv])>?|[._]([qkv])|^([qkv]))?$/.exec(text)!;
  const name = match[1]!;
  const port = match[2] ?? match[3] ?? match[4] ?? null;
  return { names: name === '' ? null : (nodesNamed(name, data) ?? inGroups(name, groups)), port };
}

/** Names of the nodes that the text means. Null when the text does not have the form of a node. */
function nodesNamed(text: string, data: CircuitData): ReadonlySet<string> | null {
  const fits = nodeCondition(text);
  return fits && new Set(data.nodes.filter(fits).map((node) => node.id));
}

function nodeCondition(text: string): ((node: NodeRecord) => boolean) | null {
  const kind = /^(input|embed|head|kv|mlp|logits)s?$/.exec(text)?.[1] ?? (text === 'logits' ? text : undefined);
  if (kind) return (node) => node.kind === (kind === 'embed' ? 'input' : kind);
  const mlp = /^(?:m|mlp)(\d+)$/.exec(text);
  if (mlp) return (node) => node.kind === 'mlp' && node.layer === Number(mlp[1]);
  const layers = /^layer:?(\d+)(?:-(\d+))?$/.exec(text);
  if (layers) {
    const [first, last] = [Number(layers[1]), Number(layers[2] ?? layers[1])];
    return (node) => node.layer !== null && node.layer >= first && node.layer <= last;
  }
  const kv = /^[al]?(\d+)\.?kv(\d+)?$/.exec(text);
  if (kv) {
    const [layer, group] = [Number(kv[1]), kv[2] === undefined ? null : Number(kv[2])];
    return (node) => node.kind === 'kv' && node.layer === layer && (group === null || node.kvGroup === group);
  }
  const head = /^[al]?(\d+)(?:\.h?|h)(\d+)?$/.exec(text);
  if (!head) return null;
  const [layer, index] = [Number(head[1]), head[2] === undefined ? null : Number(head[2])];
  return (node) => node.kind === 'head' && node.layer === layer && (index === null || node.head === index);
}

function inGroups(text: string, groups: readonly Group[]): ReadonlySet<string> {
  return new Set(groups.filter(({ name }) => name.toLowerCase().includes(text)).flatMap(({ members }) => members));
}
