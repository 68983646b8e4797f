import type { CircuitGraph } from './circuit-graph.js';
import { appearance } from './appearance.js';
import { hex } from './colors.js';
import { describe } from './columns.js';
import { encodeConfig } from '../own/config-json.js';

/**
 * The graph in Graphviz's language, from `input` at the bottom to `logits` on top; a figure up to about 150 edges. The
 * model's shape is the graph's comment.
 */
export function writeDot(graph: CircuitGraph): string {
  const look = appearance(graph);
  const about = graph.getAttributes();
  const model = JSON.stringify(encodeConfig(about, about.width));
  const rows = new Map<number, string[]>();
  const nodes = graph.mapNodes((name, node) => {
    rows.set(node.y, [...(rows.get(node.y) ?? []), quoted(name)]);
    const shape = node.kind === 'head' || node.kind === 'kv' ? '' : ', shape=ellipse';
    return `  ${quoted(name)} [label=${quoted(node.label)}, fillcolor="${hex(look.nodeColor(node))}"${shape}];`;
  });
  const edges = graph.mapEdges((_, edge, source, target) => {
    if (edge.kind === 'shared') return `  ${quoted(source)} -> ${quoted(target)} [style=dotted, arrowhead=none];`;
    const label = edge.port === 'out' ? '' : `, label=${quoted(edge.port)}`;
    const style = `color="${hex(look.edgeColor(edge))}", penwidth=${look.edgeWidth(edge)}`;
    return `  ${quoted(source)} -> ${quoted(target)} [${style}${label}];`;
  });
  return [
    'digraph circuit {',
    `  graph [rankdir=BT, label=${quoted(describe(about))}, fontname=Helvetica, comment=${quoted(model)}];`,
    '  node [shape=box, style="filled,rounded", fontname=Helvetica];',
    '  edge [fontname=Helvetica, fontsize=9];',
    ...nodes,
    ...[...rows.values()].map((names) => `  { rank=same; ${names.join('; ')}; }`),
    ...edges,
    '}',
    '',
  ].join('\n');
}

/** A quoted string of Graphviz's language; control characters and lone surrogates become spaces. */
function quoted(text: string): string {
  return `"${text.replace(/[\p{Cc}\p{Cs}]/gu, ' ').replace(/["\\]/g, '\\$&')}"`;
}
