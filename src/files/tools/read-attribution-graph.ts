import { EdgewiseError } from '../../base/errors.js';
import { asArray, asNumber, asObject, fail, isCount, type JsonObject } from '../../base/json/json-fields.js';
import { isObject } from '../../base/json/strict-json.js';
import { counted, quote } from '../../base/text.js';

/** A graph of features at the tokens of one prompt, as circuit-tracer and Neuronpedia have it. */
export interface AttributionGraph {
  /** Tokens of the prompt. */
  readonly tokens: readonly string[];
  /** The model, or the model and its transcoders, by the file's name for it. Null where the file has none. */
  readonly scan: string | null;
  /** Name of the graph. Null where the file has none. */
  readonly slug: string | null;
  /** What the author says of it. Null where the file has none. */
  readonly description: string | null;
  /** Every link leads to a node that comes later. */
  readonly nodes: readonly AttributionNode[];
  readonly links: readonly AttributionLink[];
  /** What the author chose to show: ids of nodes, and groups of them with their names. */
  readonly pinned: readonly string[];
  readonly supernodes: readonly { readonly name: string; readonly members: readonly string[] }[];
}

/**
 * - `embedding`: a token of the prompt
 * - `feature`: a feature of a transcoder, or of attention
 * - `error`: what the features of an MLP leave of its output
 * - `logit`: a next token
 */
export type AttributionKind = 'embedding' | 'feature' | 'error' | 'logit';

export interface AttributionNode {
  readonly id: string;
  readonly kind: AttributionKind;
  /** The file's word for the kind: `cross layer transcoder`, `lorsa`. */
  readonly type: string;
  /** Null for embeddings and logits. */
  readonly layer: number | null;
  /** Index of the token at which it stands. */
  readonly position: number;
  /** What the author calls it; may be empty. */
  readonly label: string;
  /** The file's number of the feature. Null where it has none. */
  readonly feature: number | null;
  /** Null where the file has none. */
  readonly activation: number | null;
  /** The file's number by which nodes are pruned: share of all influence up to this node. Null where it has none. */
  readonly influence: number | null;
  /** Logits only: probability of the token. Null where the file has none. */
  readonly probability: number | null;
}

export interface AttributionLink {
  readonly source: string;
  readonly target: string;
  /** Direct effect of the source on the target. Null where it is no number. */
  readonly weight: number | null;
}

export interface ReadAttributionGraph {
  readonly graph: AttributionGraph;
  /** What a person should know of the reading. */
  readonly notes: readonly string[];
}

/** More layers than any model has. A layer is a row of the drawing. */
const MAX_LAYERS = 1000;

/** Whether the JSON has the form of an attribution graph. */
export function isAttributionGraph(json: unknown): boolean {
  return isObject(json) && Array.isArray(json['links']) && Array.isArray(json['nodes']) && 'metadata' in json;
}

/**
 * Reads an attribution graph. Its schema is `frontend/graph_models.py` of circuit-tracer, which Neuronpedia shares.
 *
 * Links to nodes that the file does not have are left out, as those programs do: they prune nodes and leave their
 * links.
 *
 * @param json the file, parsed.
 * @throws EdgewiseError kind `circuit` that names the node or link at fault. So it does where links form a circle.
 */
export function readAttributionGraph(json: unknown, source: string): ReadAttributionGraph {
  const file = asObject(json, source, 'the file');
  const metadata = asObject(file['metadata'], source, 'metadata');
  const info = isObject(metadata['info']) ? metadata['info'] : {};
  const tokens = asArray(metadata['prompt_tokens'], source, 'metadata.prompt_tokens').map((token, i) =>
    typeof token === 'string' ? token : fail(source, `metadata.prompt_tokens[${i}]`, token, 'a text'),
  );
  const nodes = new Map<string, AttributionNode>();
  asArray(file['nodes'], source, 'nodes').forEach((item, i) => {
    const node = readNode(asObject(item, source, `nodes[${i}]`), tokens.length, source, `nodes[${i}]`);
    if (nodes.has(node.id)) throw new EdgewiseError('circuit', source, `nodes[${i}]: ${quote(node.id)} is there twice`);
    nodes.set(node.id, node);
  });
  const { links, notes } = readLinks(asArray(file['links'], source, 'links'), nodes, source);
  const given = isObject(file['qParams']) ? file['qParams'] : {};
  return {
    graph: {
      tokens,
      scan: textOrNull(metadata['scan']),
      slug: textOrNull(metadata['slug']),
      description: textOrNull(info['description']),
      nodes: forwards(nodes, links, source),
      links,
      pinned: idsIn(given['pinnedIds'], nodes),
      supernodes: supernodesIn(given['supernodes'], nodes),
    },
    notes,
  };
}

function readNode(node: JsonObject, tokens: number, source: string, where: string): AttributionNode {
  const { node_id: id, feature_type: type = '', ctx_idx: position, clerp: label = '', feature } = node;
  if (typeof id !== 'string' || !/^[^:<>]+$/.test(id)) {
    fail(source, `${where}.node_id`, id, 'a text without ":", "<" and ">"');
  }
  if (typeof type !== 'string') fail(source, `${where}.feature_type`, type, 'a text');
  if (typeof label !== 'string') fail(source, `${where}.clerp`, label, 'a text');
  if (!isCount(position) || position >= tokens) {
    fail(source, `${where}.ctx_idx`, position, `the index of one of the ${tokens} tokens of the prompt`);
  }
  const kind = kindOf(type, node['layer']);
  const number = (key: string): number | null => {
    const value = asNumber(node[key] ?? null, source, `${where}.${key}`);
    return Number.isNaN(value) ? null : value;
  };
  const inLayer = kind === 'feature' || kind === 'error';
  return {
    id,
    kind,
    type,
    layer: inLayer ? layerOf(node['layer'], source, `${where}.layer`) : null,
    position,
    label,
    feature: isCount(feature) ? feature : null,
    activation: number('activation'),
    influence: number('influence'),
    probability: kind === 'logit' ? number('token_prob') : null,
  };
}

function kindOf(type: string, layer: unknown): AttributionKind {
  if (type === 'embedding' || layer === 'E') return 'embedding';
  if (type === 'logit') return 'logit';
  return type.includes('error') ? 'error' : 'feature';
}

function layerOf(value: unknown, source: string, field: string): number {
  const layer = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
  if (isCount(layer) && layer < MAX_LAYERS) return layer;
  return fail(source, field, value, `a layer from 0 to ${MAX_LAYERS - 1}, or "E" for the embeddings`);
}

function readLinks(
  items: readonly unknown[],
  nodes: ReadonlyMap<string, AttributionNode>,
  source: string,
): { readonly links: readonly AttributionLink[]; readonly notes: readonly string[] } {
  const links: AttributionLink[] = [];
  const targets = new Map<string, Set<string>>();
  let [unknown, notNumbers] = [0, 0];
  items.forEach((item, i) => {
    const { source: from, target: to, weight } = asObject(item, source, `links[${i}]`);
    if (typeof from !== 'string') fail(source, `links[${i}].source`, from, 'the node_id of a node');
    if (typeof to !== 'string') fail(source, `links[${i}].target`, to, 'the node_id of a node');
    const value = asNumber(weight, source, `links[${i}].weight`);
    if (!nodes.has(from) || !nodes.has(to)) {
      unknown++;
      return;
    }
    const known = targets.get(from) ?? new Set();
    if (known.has(to)) {
      throw new EdgewiseError('circuit', source, `links[${i}]: ${quote(`${from} -> ${to}`)} is there twice`);
    }
    targets.set(from, known.add(to));
    if (Number.isNaN(value)) notNumbers++;
    links.push({ source: from, target: to, weight: Number.isNaN(value) ? null : value });
  });
  const notes: string[] = [];
  const of = `of its ${counted(items.length, 'link')}`;
  if (unknown > 0) notes.push(`${source}: the nodes at the ends of ${unknown} ${of} are not in it; left out`);
  if (notNumbers > 0) notes.push(`${source}: the weight of ${notNumbers} ${of} is no finite number`);
  return { links, notes };
}

/**
 * The nodes in an order in which every link leads forward: by layer, and within a layer as the links ask for.
 *
 * @throws EdgewiseError kind `circuit` at a link that leads to an earlier layer, or at a circle of links.
 */
function forwards(
  nodes: ReadonlyMap<string, AttributionNode>,
  links: readonly AttributionLink[],
  source: string,
): AttributionNode[] {
  const open = new Map<string, number>();
  const targets = new Map<string, string[]>();
  for (const { source: from, target: to } of links) {
    if (depthOf(nodes.get(from)!) > depthOf(nodes.get(to)!)) {
      throw new EdgewiseError(
        'circuit',
        source,
        `link ${quote(`${from} -> ${to}`)} leads backwards, to an earlier layer`,
      );
    }
    open.set(to, (open.get(to) ?? 0) + 1);
    const list = targets.get(from);
    if (list) list.push(to);
    else targets.set(from, [to]);
  }
  const ordered: AttributionNode[] = [];
  for (const layer of byDepth(nodes)) {
    const ready = layer.filter(({ id }) => !open.get(id));
    // `ready` grows while it is walked.
    for (const node of ready) {
      ordered.push(node);
      for (const to of targets.get(node.id) ?? []) {
        open.set(to, open.get(to)! - 1);
        if (open.get(to) === 0 && depthOf(nodes.get(to)!) === depthOf(node)) ready.push(nodes.get(to)!);
      }
    }
    const stuck = layer.find(({ id }) => open.get(id));
    if (stuck) throw new EdgewiseError('circuit', source, `links lead in a circle through ${quote(stuck.id)}`);
  }
  return ordered;
}

/** The nodes of each row, from the embeddings to the logits. */
function byDepth(nodes: ReadonlyMap<string, AttributionNode>): AttributionNode[][] {
  const rows = new Map<number, AttributionNode[]>();
  for (const node of nodes.values()) {
    const row = rows.get(depthOf(node));
    if (row) row.push(node);
    else rows.set(depthOf(node), [node]);
  }
  return [...rows].toSorted(([a], [b]) => a - b).map(([, row]) => row);
}

function depthOf({ kind, layer }: AttributionNode): number {
  return layer ?? (kind === 'embedding' ? -1 : Infinity);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function idsIn(value: unknown, nodes: ReadonlyMap<string, unknown>): string[] {
  if (!Array.isArray(value)) return [];
  return [...new Set(value)].filter((id): id is string => typeof id === 'string' && nodes.has(id));
}

/** `[name, id, id, ...]` each. */
function supernodesIn(value: unknown, nodes: ReadonlyMap<string, unknown>): AttributionGraph['supernodes'] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (!Array.isArray(item) || typeof item[0] !== 'string') return [];
    const members = idsIn(item.slice(1), nodes);
    return members.length > 0 ? [{ name: item[0], members }] : [];
  });
}
