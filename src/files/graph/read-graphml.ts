import { EdgewiseError } from '../../base/errors.js';
import { quote } from '../../base/text.js';
import type { ReadCircuit } from '../own/circuit-file.js';
import { appendText, circuitOfGraph, type GraphFileEdge, type GraphValues } from './graph-file.js';
import { lineAt, xmlEvents } from './xml.js';

/**
 * Reads a circuit in GraphML: ours, or what networkx and Gephi make of it. See `circuitOfGraph` for what such a file
 * holds.
 *
 * @param text the whole file.
 * @param source the file's name, for messages.
 * @throws EdgewiseError kind `circuit` that names the line, node or edge at fault.
 */
export function readGraphml(text: string, source: string): ReadCircuit {
  const fail = (at: number, what: string): never => {
    throw new EdgewiseError('circuit', `${source}, line ${lineAt(text, at)}`, what);
  };
  /** Names of values by their keys. */
  const names = new Map<string, string>();
  const defaults: ReadonlyMap<string, Map<string, string>> = new Map([
    ['node', new Map()],
    ['edge', new Map()],
  ]);
  const nodes = new Map<string, GraphValues>();
  const edges: GraphFileEdge[] = [];
  const path: string[] = [];
  /** Values of the node or edge that is open. */
  let values = new Map<string, string>();
  /** Key of the open `data` or `key` element, and what it is for. */
  let key = '';
  let keyFor = '';
  let description: string | undefined;
  let hasGraph = false;
  let isDirected = false;

  for (const event of xmlEvents(text, source)) {
    if (event.kind === 'close') {
      path.pop();
      continue;
    }
    if (event.kind === 'text') {
      const [inside, owner] = [path.at(-1), path.at(-2) ?? ''];
      const valueName = names.get(key) ?? key;
      if (inside === 'desc' && ['graphml', 'graph'].includes(owner)) description = (description ?? '') + event.text;
      else if (inside === 'data' && defaults.has(owner)) appendText(values, valueName, event.text);
      else if (inside === 'default') {
        for (const [of, list] of defaults) if (isFor(keyFor, of)) appendText(list, valueName, event.text);
      }
      continue;
    }
    const { name, attributes, at } = event;
    const needed = (attribute: string): string =>
      attributes.get(attribute) ?? fail(at, `<${name}> has no ${attribute}, expected one`);
    if (path.length === 0 && name !== 'graphml') fail(at, `no <graphml> element: the root is <${name}>`);
    path.push(name);
    switch (name) {
      case 'key':
        key = needed('id');
        keyFor = attributes.get('for') ?? 'all';
        names.set(key, attributes.get('attr.name') ?? key);
        break;
      case 'graph':
        hasGraph = true;
        isDirected = attributes.get('edgedefault') === 'directed';
        break;
      case 'node': {
        const id = needed('id');
        if (path.indexOf('node') < path.length - 1) fail(at, `node ${quote(id)} is inside of another node`);
        if (nodes.has(id)) fail(at, `node ${quote(id)} is there twice`);
        values = new Map(defaults.get('node'));
        nodes.set(id, values);
        break;
      }
      case 'edge': {
        const ends = { source: needed('source'), target: needed('target') };
        if ((attributes.get('directed') ?? String(isDirected)) !== 'true') {
          fail(at, 'has undirected edges, expected directed ones');
        }
        values = new Map(defaults.get('edge'));
        edges.push({ id: attributes.get('id') ?? null, ...ends, values });
        break;
      }
      case 'hyperedge':
        fail(at, 'has a hyperedge, expected edges with two ends');
        break;
      case 'data':
        key = needed('key');
        // Text comes in parts. The first part of a value replaces the default.
        values.delete(names.get(key) ?? key);
        break;
    }
  }
  if (!hasGraph) fail(0, 'broken GraphML: there is no <graph> element');
  return circuitOfGraph({ source, description, nodes, edges });
}

/** Whether a key that is `for` something is for nodes, or for edges. */
function isFor(keyFor: string, of: string): boolean {
  return keyFor === 'all' || keyFor === of;
}
