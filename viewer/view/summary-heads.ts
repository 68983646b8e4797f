import type { CircuitDetails, Look, NodeDetails } from '../../src/circuit/details.js';
import { mostAttended } from '../../src/circuit/standing-positions.js';
import type { CircuitData, EdgeRecord, NodeRecord } from '../data/circuit-data.js';
import { formatEffect, formatNumber, formatPercent, plural } from './format.js';
import { spreadOf, type Spread } from './heads.js';
import { readersOf } from './readers.js';
import { hasLaterMentions } from './role-words.js';
import { listed, type Noun, type Sentence } from './sentences.js';

// What the heads and MLPs of a circuit do, in sentences. They say what was measured and no more: which direct effects
// there are, where heads look, and over which edges outputs go.

/** Nodes that are named one by one. */
const NAMED = 5;
/** A share of prompts that is most of them. */
const MOST = 0.5;

/** A node of the circuit with an edge into the logits, and its direct effect on the logit difference. */
interface Writer {
  readonly node: NodeRecord;
  readonly direct: Spread;
  readonly edges: readonly EdgeRecord[];
}

/** Who writes the answer, where they read, and who writes there. */
export function headSentences(data: CircuitData, details: CircuitDetails): Sentence[] {
  const writers = writersOf(data, details);
  const helping = writers.filter(({ direct }) => direct.mean > 0 && direct.positive > MOST * direct.of);
  return [...writing(details, writers, helping), ...reading(details, helping), ...bringing(data, details, helping)];
}

function known(details: CircuitDetails, id: string): NodeDetails | null {
  return Object.hasOwn(details.nodes, id) ? details.nodes[id]! : null;
}

/** Strongest first. */
function writersOf(data: CircuitData, details: CircuitDetails): Writer[] {
  const into = data.edges.filter(({ inCircuit, target }) => inCircuit && target === 'logits');
  return into
    .flatMap((edge): Writer[] => {
      const direct = spreadOf(known(details, edge.source)?.direct, null);
      return direct ? [{ node: data.nodeById.get(edge.source)!, direct, edges: [edge] }] : [];
    })
    .sort((a, b) => b.direct.mean - a.direct.mean);
}

function noun({ node, direct, edges }: Writer): Noun {
  return { text: `${node.label} (${formatEffect(direct.mean)})`, lights: [node.id, ...edges.map(({ id }) => id)] };
}

function writing(details: CircuitDetails, writers: readonly Writer[], helping: readonly Writer[]): Sentence[] {
  const total = spreadOf(
    details.prompts.map(({ logitDifference }) => logitDifference ?? Number.NaN),
    null,
  );
  if (helping.length === 0 || !total || total.of < details.prompts.length) return [];
  const sum = helping.reduce((all, { direct }) => all + direct.mean, 0);
  const [least, most] = rangeOf(helping.map(({ direct }) => direct.positive));
  const against = writers.filter(({ direct }) => direct.mean < 0 && direct.positive < (1 - MOST) * direct.of).reverse();
  const adds = helping.length === 1 ? 'its direct effect is' : 'their direct effects add up to';
  const each = helping.length === 1 ? '' : ' each';
  const positive =
    total.of === 1
      ? ''
      : `, positive on ${least === most ? least : `${least} to ${most}`} of ${plural(total.of, 'prompt')}${each}`;
  return [
    [
      ...listed(helping.map(noun), NAMED),
      ` ${verb(helping, 'writes', 'write')} the answer: in the whole model ${adds} ` +
        `${formatNumber(sum)} of the ${formatNumber(total.mean)} logits${positive}.`,
      ...(against.length > 0
        ? [' ', ...listed(against.map(noun), 3), ` ${verb(against, 'writes', 'write')} against it.`]
        : []),
    ],
  ];
}

/** Where the writing heads look, by the pair of roles that most of them share. */
function reading(details: CircuitDetails, helping: readonly Writer[]): Sentence[] {
  const heads = helping.filter(({ node }) => node.kind === 'head');
  const group = largestLook(
    details,
    heads.map(({ node }) => node),
  );
  if (!group) return [];
  const who =
    group.nodes.length === heads.length && heads.length > 1
      ? [allOf(heads.length, group.nodes)]
      : listed(group.nodes.map(plain), NAMED);
  const words = placeWords(details);
  return [[`From ${words(group.look.from)}, `, ...who, ` ${lookWords(group, words)}.`]];
}

/**
 * The nodes that write to the writing heads where those read, and where they look. Without writing heads: those that
 * write into the writing MLPs.
 */
function bringing(data: CircuitData, details: CircuitDetails, helping: readonly Writer[]): Sentence[] {
  const heads = helping.filter(({ node }) => node.kind === 'head');
  const readers = (heads.length > 0 ? heads : helping).map(({ node }) => node.id);
  const over = new Map<string, EdgeRecord[]>();
  for (const edge of data.edges) {
    if (!edge.inCircuit || edge.kind === 'direct' || edge.port === 'q' || edge.source === 'input') continue;
    const owners = readersOf(data, edge.target).filter(({ id }) => readers.includes(id));
    if (!owners.some(({ id }) => isUsedWhere(details, edge, id))) continue;
    over.set(edge.source, [...(over.get(edge.source) ?? []), edge]);
  }
  const strength = (id: string): number => over.get(id)!.reduce((sum, { effect }) => sum + Math.abs(effect ?? 0), 0);
  const nodes = [...over.keys()].sort((a, b) => strength(b) - strength(a)).map((id) => data.nodeById.get(id)!);
  if (nodes.length === 0) return [];
  const looking = nodes.filter(({ kind }) => kind === 'head');
  const group = largestLook(details, looking);
  const words = placeWords(details);
  const lights = (node: NodeRecord): Noun => ({
    text: node.label,
    lights: [node.id, ...over.get(node.id)!.map(({ id }) => id)],
  });
  const ports = new Set([...over.values()].flat().map(({ port }) => port));
  const named = (['v', 'k'] as const).filter((port) => ports.has(port)).map((port) => ({ v: 'value', k: 'key' })[port]);
  const edges = [
    ...(named.length > 0 ? [`${named.join(' and ')} edges`] : []),
    ...(ports.has('out') ? ['edges into MLPs'] : []),
  ];
  const sentence: (string | Noun)[] = [
    ...listed(nodes.map(lights), NAMED),
    ` ${verb(nodes, 'writes', 'write')} to ${verb(readers, 'it where it reads', 'them where they read')}, over ${edges.join(' and ')}.`,
  ];
  if (group) {
    const who =
      group.nodes.length === nodes.length ? [verb(nodes, 'it', 'they')] : listed(group.nodes.map(plain), NAMED);
    sentence.push(` From ${words(group.look.from)}, `, ...who, ` ${lookWords(group, words)}.`);
  }
  return [sentence];
}

/** Heads without an edge into query or key, and what the nodes outside of the circuit write. */
export function unexplained(data: CircuitData, details: CircuitDetails | null): Sentence[] {
  const kept = data.edges.filter(({ inCircuit, kind }) => inCircuit && kind === 'addition');
  const readers = (edges: readonly EdgeRecord[]): Set<NodeRecord> =>
    new Set(edges.flatMap(({ target }) => readersOf(data, target)));
  const looking = readers(kept.filter(({ port }) => port === 'q' || port === 'k'));
  const reading = readers(kept.filter(({ port }) => port === 'v'));
  const heads = data.nodes.filter((node) => node.kind === 'head' && node.inCircuit && reading.has(node));
  const blind = heads.filter((head) => !looking.has(head));
  const outside = spreadOf(details?.rest?.writers, null);
  const sentence: (string | Noun)[] = [];
  if (blind.length > 0) {
    const layers = [...new Set(blind.map(({ layer }) => layer!))];
    const whole = layers.filter((layer) => {
      const inLayer = heads.filter((head) => head.layer === layer);
      return inLayer.length > 1 && inLayer.every((head) => blind.includes(head));
    });
    const who = whole.length === layers.length ? [layersOf(layers, blind)] : listed(blind.map(plain), NAMED);
    sentence.push(
      'No query or key edge into ',
      ...who,
      ' is kept: where ',
      verb(blind, 'this head looks', 'these heads look'),
      ' is not explained by this circuit.',
    );
  }
  if (outside && Math.abs(outside.mean) > 0) {
    sentence.push(
      `${sentence.length > 0 ? ' ' : ''}In the whole model, nodes outside of the circuit write another ${formatNumber(outside.mean)} logits directly.`,
    );
  }
  return sentence.length > 0 ? [sentence] : [];
}

/** Whether an edge's sender is used, on most prompts, at the position that its reader reads from where it stands. */
function isUsedWhere(details: CircuitDetails, edge: EdgeRecord, reader: string): boolean {
  const [from, to] = [known(details, edge.source), known(details, reader)];
  if (!from?.at || !to?.at) return false;
  const read = details.prompts.map(({ clean }, n) => {
    const stands = to.at![n]!;
    if (edge.port === 'out') return stands;
    const pattern = to.attention?.[n];
    return pattern ? mostAttended(pattern, clean.length, stands) : -1;
  });
  return read.filter((position, n) => position === from.at![n]).length > MOST * read.length;
}

interface LookGroup {
  readonly look: Look;
  readonly nodes: readonly NodeRecord[];
  readonly shares: readonly number[];
}

/** The nodes that share the strongest pair of roles that most of them have. Null where fewer than half share one. */
function largestLook(details: CircuitDetails, nodes: readonly NodeRecord[]): LookGroup | null {
  const groups = new Map<string, LookGroup>();
  for (const node of nodes) {
    const look = known(details, node.id)?.looks[0];
    if (!look) continue;
    const key = `${look.from} ${look.at}`;
    const before = groups.get(key) ?? { look, nodes: [], shares: [] };
    groups.set(key, { look, nodes: [...before.nodes, node], shares: [...before.shares, look.share] });
  }
  const [best] = [...groups.values()].sort((a, b) => b.nodes.length - a.nodes.length);
  return best && best.nodes.length >= MOST * nodes.length ? best : null;
}

function plain({ label, id }: NodeRecord): Noun {
  return { text: label, lights: [id] };
}

function allOf(count: number, nodes: readonly NodeRecord[]): Noun {
  return { text: count === 2 ? 'both heads' : `all ${count} heads among them`, lights: nodes.map(({ id }) => id) };
}

function layersOf(layers: readonly number[], heads: readonly NodeRecord[]): Noun {
  const names = layers.map(String);
  const text = names.length === 1 ? `layer ${names[0]}` : `layers ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return { text, lights: heads.map(({ id }) => id) };
}

function lookWords({ nodes, look, shares }: LookGroup, words: (role: Look['at']) => string): string {
  const attention = `${shareWords(shares)} of ${verb(nodes, 'its', 'their')} attention`;
  return `${verb(nodes, 'looks', 'look')} at ${words(look.at)}, with ${attention}`;
}

function verb(some: readonly unknown[], one: string, more: string): string {
  return some.length === 1 ? one : more;
}

function shareWords(shares: readonly number[]): string {
  const [least, most] = rangeOf(shares).map(formatPercent);
  return least === most ? least! : `${least} to ${most}`;
}

function rangeOf(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** A role as a place in a sentence. */
function placeWords({ prompts }: CircuitDetails): (role: Look['at']) => string {
  const later = hasLaterMentions(prompts);
  const isLast = prompts.every(({ clean, position }) => position === clean.length - 1);
  const words: Readonly<Record<Look['at'], string>> = {
    answer: 'the answer',
    'wrong-first': later ? 'the first mention of the wrong answer' : 'the wrong answer',
    'wrong-later': 'the later mention of the wrong answer',
    changed: 'a token that the corrupted prompt changes',
    measured: isLast ? 'the last token' : 'the measured token',
    first: 'the first token',
    other: 'tokens without a role of their own',
    self: 'the same token',
    previous: 'the token before it',
  };
  return (role) => words[role];
}
