import type { Circuit } from '../circuit/circuit.js';

/** Kept addition edges by falling |effect|, all of them or those from a head to a head. */
export function strongestEdges(
  circuit: Circuit,
  most: number,
  which: 'all' | 'heads',
): { readonly name: string; readonly effect: number }[] {
  const { topology, kept, effects } = circuit;
  const edges: { name: string; effect: number }[] = [];
  for (const id of kept) {
    const edge = topology.edge(id);
    if (edge.kind !== 'addition' || !Number.isFinite(effects[id]!)) continue;
    const betweenHeads = topology.writers[edge.writer]!.kind === 'head' && topology.ports[edge.port]!.kind === 'head';
    if (which === 'all' || betweenHeads) edges.push({ name: topology.edgeName(id), effect: effects[id]! });
  }
  return edges.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, most);
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}

/** Rows of texts as aligned columns; columns of numbers are flush right. */
export function table(rows: readonly (readonly string[])[], rightAligned: readonly number[] = []): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (rightAligned.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
