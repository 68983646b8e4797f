import { useState } from 'preact/hooks';
import type { EdgeRecord } from '../../data/circuit-data.js';
import { edgeLabel, effectClass, formatCount, formatMagnitude, formatPercent, plural } from '../../view/format.js';
import { formatDrawn } from '../../view/measure-words.js';
import { sortedBy } from '../../view/sorted-by.js';
import { choose, hint } from '../actions/choose.js';
import type { Store } from '../state/store.js';
import { useStore } from '../state/use-store.js';
import { SortHead } from './sort-head.js';

type Column = 'from' | 'to' | 'port' | 'effect' | 'size' | 'rank' | 'step' | 'kept';

const PAGE = 200;

/** A column and the class of its cells. */
type Head = readonly [name: Column, title: string, kind: string];

/** The columns that say something of these edges: where all are kept, or none was decided on, one says nothing. */
function columnsOf({ measure }: Store, edges: readonly EdgeRecord[]): readonly Head[] {
  const [number, size] = measure.value === 'share' ? ['Share', '|Share|'] : ['Effect', '|Effect|'];
  return [
    ['from', 'From', ''],
    ['to', 'To', ''],
    ['port', 'Port', ''],
    ['effect', number, 'number'],
    ['size', size, 'number'],
    ['rank', 'Rank', 'number'],
    ...(edges.some(({ step }) => step !== null) ? [['step', 'Step', 'number'] as const] : []),
    ...(edges.some(({ inCircuit, pending }) => pending || !inCircuit) ? [['kept', 'Kept', ''] as const] : []),
  ];
}

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
  const columns = columnsOf(store, shown);
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
            {columns.map(([name, title, kind]) => (
              <SortHead
                key={name}
                title={title}
                kind={kind}
                sorted={name === column ? (down ? 'descending' : 'ascending') : 'none'}
                onSort={() => sort(name)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, rows).map((edge) => (
            <Row key={edge.id} edge={edge} columns={columns} chosen={edge.id === chosen} />
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

function Row({ edge, columns, chosen }: { edge: EdgeRecord; columns: readonly Head[]; chosen: boolean }) {
  const store = useStore();
  const { signKnown, nodeLabel } = store;
  const [, ...rest] = columns;
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
          aria-label={`${nodeLabel(edge.source)}: open ${edgeLabel(edge, nodeLabel)}`}
          onFocus={() => hint(store, edge.id)}
          onBlur={() => hint(store, null)}
        >
          {nodeLabel(edge.source)}
        </button>
      </th>
      {rest.map(([name, , kind]) => (
        <td key={name} class={name === 'effect' ? `${kind} ${effectClass(edge.effect, signKnown.value)}` : kind}>
          <Value store={store} edge={edge} column={name} />
        </td>
      ))}
    </tr>
  );
}

function Value({ store, edge, column }: { store: Store; edge: EdgeRecord; column: Column }) {
  const { measure, nodeLabel } = store;
  const { effect, rank, step } = edge;
  switch (column) {
    case 'from':
      return <>{nodeLabel(edge.source)}</>;
    case 'to':
      return <>{nodeLabel(edge.target)}</>;
    case 'port':
      return edge.port === 'out' ? null : <span class={`port ${edge.port}`}>{edge.port}</span>;
    case 'effect':
      return <>{effect === null ? '–' : formatDrawn(effect, measure.value)}</>;
    case 'size': {
      const size = Math.abs(effect ?? 0);
      return <>{effect === null ? '–' : measure.value === 'share' ? formatPercent(size) : formatMagnitude(size)}</>;
    }
    case 'rank':
      return <>{rank === null ? '–' : formatCount(rank)}</>;
    case 'step':
      return <>{step === null ? '–' : formatCount(step + 1)}</>;
    case 'kept':
      return <>{edge.pending ? 'not decided yet' : edge.inCircuit ? 'yes' : 'no'}</>;
  }
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
  return sortedBy(edges, key, down);
}
