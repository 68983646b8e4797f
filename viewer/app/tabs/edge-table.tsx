import { useState } from 'preact/hooks';
import type { EdgeRecord } from '../../data/circuit-data.js';
import { effectClass, formatCount, formatEffect, plural } from '../../view/format.js';
import { choose, hint } from '../actions/choose.js';
import type { Store } from '../state/store.js';
import { useStore } from '../state/use-store.js';

type Column = 'from' | 'to' | 'port' | 'effect' | 'size' | 'rank' | 'step' | 'kept';

const PAGE = 200;

const COLUMNS: readonly (readonly [Column, string, string])[] = [
  ['from', 'From', ''],
  ['to', 'To', ''],
  ['port', 'Port', ''],
  ['effect', 'Effect', 'number'],
  ['size', '|Effect|', 'number'],
  ['rank', 'Rank', 'number'],
  ['step', 'Step', 'number'],
  ['kept', 'Kept', ''],
];

/** Columns that are first sorted from the largest value to the smallest. */
const DOWNWARDS = new Set<Column>(['effect', 'size', 'kept']);

/** The shown edges as a table. It can be sorted, and a screen reader can read it. */
export function EdgeTable() {
  const store = useStore();
  const { selection, found, selected } = store;
  const [column, setColumn] = useState<Column>('size');
  const [down, setDown] = useState(true);
  const [rows, setRows] = useState(PAGE);
  const hits = found.value;
  const shown = selection.value.edges.filter(({ id }) => !hits || hits.edges.has(id));
  const sorted = sortEdges(store, shown, column, down);
  const what = selected.value;
  const chosen = what?.kind === 'edge' ? what.edge.id : null;
  const sort = (name: Column): void => {
    setDown(name === column ? !down : DOWNWARDS.has(name));
    setColumn(name);
  };
  return (
    <section class="edge-table" data-testid="edge-table">
      <p class="quiet">
        {plural(shown.length, 'edge')} shown{hits ? ' that fit the search' : ''}
      </p>
      <table>
        <thead>
          <tr>
            {COLUMNS.map(([name, title, kind]) => (
              <th
                key={name}
                scope="col"
                class={kind}
                aria-sort={name === column ? (down ? 'descending' : 'ascending') : 'none'}
              >
                <button type="button" onClick={() => sort(name)}>
                  {title}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, rows).map((edge) => (
            <Row key={edge.id} edge={edge} chosen={edge.id === chosen} />
          ))}
        </tbody>
      </table>
      {rows < sorted.length && (
        <button type="button" class="button text" onClick={() => setRows(rows + PAGE)}>
          Show {Math.min(PAGE, sorted.length - rows)} more of {formatCount(sorted.length - rows)}
        </button>
      )}
    </section>
  );
}

function Row({ edge, chosen }: { edge: EdgeRecord; chosen: boolean }) {
  const store = useStore();
  const { signKnown, nodeLabel } = store;
  return (
    <tr
      aria-selected={chosen}
      onClick={() => choose(store, edge.id)}
      onPointerEnter={() => hint(store, edge.id)}
      onPointerLeave={() => hint(store, null)}
    >
      <th scope="row">
        <button
          type="button"
          class="link"
          aria-label={`${nodeLabel(edge.source)}: open ${edge.id}`}
          onFocus={() => hint(store, edge.id)}
          onBlur={() => hint(store, null)}
        >
          {nodeLabel(edge.source)}
        </button>
      </th>
      <td>{nodeLabel(edge.target)}</td>
      <td>{edge.port === 'out' ? '' : <span class={`port ${edge.port}`}>{edge.port}</span>}</td>
      <td class={`number ${effectClass(edge.effect, signKnown.value)}`}>
        {edge.effect === null ? '–' : formatEffect(edge.effect)}
      </td>
      <td class="number">{edge.effect === null ? '–' : formatEffect(Math.abs(edge.effect)).replace('+', '')}</td>
      <td class="number">{edge.rank === null ? '–' : formatCount(edge.rank)}</td>
      <td class="number">{edge.step === null ? '–' : formatCount(edge.step + 1)}</td>
      <td>{edge.pending ? 'open' : edge.inCircuit ? 'yes' : 'no'}</td>
    </tr>
  );
}

/** Sorts nodes in model order and numbers by size. What is not measured comes last in both directions. */
function sortEdges(
  { data }: Store,
  edges: readonly EdgeRecord[],
  column: Column,
  down: boolean,
): readonly EdgeRecord[] {
  const places = new Map(data.value.nodes.map(({ id }, place) => [id, place]));
  const key = (edge: EdgeRecord): number | string | null => {
    switch (column) {
      case 'from':
        return places.get(edge.source) ?? null;
      case 'to':
        return places.get(edge.target) ?? null;
      case 'size':
        return edge.effect === null ? null : Math.abs(edge.effect);
      case 'kept':
        return Number(edge.inCircuit);
      default:
        return edge[column];
    }
  };
  const keyed = edges.map((edge) => ({ edge, key: key(edge) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    return down ? -order : order;
  });
  return keyed.map(({ edge }) => edge);
}
