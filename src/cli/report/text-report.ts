import type { Circuit } from '../../circuit/circuit.js';
import { isAttentionPort } from '../../circuit/nodes.js';

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
    const betweenHeads = topology.writers[edge.writer]!.kind === 'head' && isAttentionPort(topology.ports[edge.port]!);
    if (which === 'all' || betweenHeads) edges.push({ name: topology.edgeName(id), effect: effects[id]! });
  }
  return edges.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, most);
}

/** `0.4341`. A number that rounds to zero has no sign. */
export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}

export function whole(value: number): string {
  return value.toLocaleString('en-US');
}

/** `256 B`, `4.10 kB`, `11.0 MB`: three digits in the unit that suits the number. */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const rounded = Number(bytes.toPrecision(3));
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(rounded) / 3));
  return `${(rounded / 1000 ** power).toPrecision(3)} ${units[power - 1]!}`;
}

/** Rows of texts as aligned columns. Columns of numbers are flush right. */
export function table(rows: readonly (readonly string[])[], rightAligned: readonly number[] = []): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        rightAligned.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
