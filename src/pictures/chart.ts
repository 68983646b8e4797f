import { parseNode } from '../circuit/nodes.js';
import type { Bars } from './bars.js';
import type { HeatMap } from './heat-map.js';

/** A drawing by what it shows, so that a page and a picture can each draw it. */
export type Chart = ({ readonly kind: 'map' } & HeatMap) | ({ readonly kind: 'bars' } & Bars);

export const map = (chart: HeatMap): Chart => ({ kind: 'map', ...chart });
export const barChart = (chart: Bars): Chart => ({ kind: 'bars', ...chart });

/** Names of rows and columns that are counted from 0. */
export const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
export const layersNamed = (count: number): string[] => numbered(count).map((layer) => `layer ${layer}`);

/** Spaces at the ends of tokens are seen. */
export function visible(token: string): string {
  return token.replace(/^ | $/g, '␣');
}

/** A value of each head, by its name, as a table of layers and heads; heads that are not named are empty. */
export function headMap(
  ofHeads: readonly (readonly [name: string, value: number | null])[],
  { name, unit, range }: Pick<HeatMap, 'name' | 'unit' | 'range'>,
): Chart {
  const places = ofHeads.flatMap(([head, value]) => {
    const node = parseNode(head);
    return node?.kind === 'head' ? [{ ...node, value }] : [];
  });
  const layers = [...new Set(places.map(({ layer }) => layer))].toSorted((a, b) => a - b);
  const columns = numbered(1 + places.reduce((most, { head }) => Math.max(most, head), -1));
  const valueAt = new Map(places.map(({ layer, head, value }) => [`${layer}.${head}`, value]));
  return map({
    name,
    rows: layers.map((layer) => `layer ${layer}`),
    columns,
    values: layers.map((layer) => columns.map((head) => valueAt.get(`${layer}.${head}`) ?? null)),
    unit,
    ...(range && { range }),
  });
}
