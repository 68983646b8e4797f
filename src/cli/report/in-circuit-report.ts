import { counted } from '../../base/text.js';
import type { MeasuredEdges } from '../../evaluate/measured-edges.js';
import { signed, strongestEdges } from './text-report.js';

/** Edges that carry nothing are said, kept or left out. @param remedy what leaves them out. */
export function idleLines({ circuit, dropped }: MeasuredEdges, remedy: string): string[] {
  const { idle } = circuit.inCircuit!;
  const names = dropped.length > 0 ? dropped : idle.map((id) => circuit.topology.edgeName(id));
  if (names.length === 0) return [];
  const what = `${counted(names.length, 'edge')} ${names.length === 1 ? 'carries' : 'carry'} nothing in the circuit`;
  const listed = names.length > 5 ? `${names.slice(0, 5).join(', ')}, ...` : names.join(', ');
  return [`  ${what}${dropped.length > 0 ? ' and are left out' : remedy}: ${listed}`];
}

/** The strongest edges, and those between heads, with what they did when they were decided on. */
export function strongestInCircuit({ circuit }: MeasuredEdges): string[] {
  const { topology, inCircuit } = circuit;
  const ranked = { ...circuit, effects: inCircuit!.effects };
  const [all, heads] = [strongestEdges(ranked, 5, 'all'), strongestEdges(ranked, 5, 'heads')];
  if (all.length === 0) return ['no edge is kept'];
  const width = Math.max(...[...all, ...heads].map(({ name }) => name.length));
  const decided = ({ name }: { readonly name: string }): string => {
    const effect = circuit.effects[topology.edgeId(name)!]!;
    if (!Number.isFinite(effect)) return '';
    return `  (${signed(effect)} ${circuit.steps[topology.edgeId(name)!]! < 0 ? 'scored' : 'when decided'})`;
  };
  const lines = (edges: typeof all): string[] =>
    edges.map((edge) => `  ${edge.name.padEnd(width)}  ${signed(edge.effect)}${decided(edge)}`);
  return [
    'strongest edges (how much worse the metric of the circuit gets without the edge)',
    ...lines(all),
    heads.length === 0 ? 'no head-to-head edge is kept' : 'strongest head-to-head edges',
    ...lines(heads),
  ];
}
