import { useState } from 'preact/hooks';
import { fittingColumns, type Column } from '../../view/fitting-columns.js';
import { formatEffect, formatPercent, plural } from '../../view/format.js';
import { headRows, sortHeads, type HeadColumn, type HeadRow, type Spread, type Sum } from '../../view/heads.js';
import { hasLaterMentions, ROLE_HELP, roleWords, VERDICT_HELP, verdictWords } from '../../view/role-words.js';
import { useRoom } from '../controls/use-room.js';
import { choose, hint } from '../actions/choose.js';
import { togglePins } from '../actions/marks.js';
import { Absent } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { SortHead } from './sort-head.js';
import { SpreadBar } from './spread-bar.js';

interface HeadsColumn extends Column {
  readonly name: HeadColumn;
  readonly title: string;
  readonly about: string;
  readonly kind: 'number' | '';
}

/** What a reader asks for first comes first: a narrow table leaves out the last ones. */
const COLUMNS: readonly HeadsColumn[] = [
  { name: 'node', width: 58, kind: '', title: 'Node', about: 'Layer and head' },
  {
    name: 'direct',
    width: 104,
    kind: 'number',
    title: 'Direct effect',
    about: 'On the logit difference, in the whole model: of what the node itself writes',
  },
  {
    name: 'looks',
    width: 116,
    kind: '',
    title: 'Looks from → at',
    about: 'Where the head attends, from the token at which its output is used',
  },
  {
    name: 'inCircuit',
    width: 74,
    kind: 'number',
    title: 'In circuit',
    about: 'What cutting all its outgoing edges costs in the circuit',
  },
  {
    name: 'answerRank',
    width: 52,
    kind: 'number',
    title: 'Rank',
    about: 'Place of the answer among the tokens that it promotes: 1 = no token more',
  },
  {
    name: 'incoming',
    width: 40,
    kind: 'number',
    title: 'In',
    about: 'Edges of the circuit into it; their sum as the tip',
  },
  {
    name: 'outgoing',
    width: 48,
    kind: 'number',
    title: 'Out',
    about: 'Edges of the circuit out of it; their sum as the tip',
  },
];
/** Columns that are first sorted from the smallest value to the largest. */
const UPWARDS = new Set<HeadColumn>(['node', 'answerRank']);

/** What each node of the circuit does: what it writes, where it looks and what it is worth. */
export function HeadsTab() {
  const { current, data, shownPrompt, found } = useStore();
  const [by, setBy] = useState<HeadColumn>('direct');
  const [down, setDown] = useState(true);
  const [others, setOthers] = useState(false);
  const room = useRoom<HTMLElement>({ width: 360, height: 0 });
  const details = current.value?.details ?? null;
  const hits = found.value;
  const all = headRows(data.value, details, shownPrompt.value).filter(({ node }) => !hits || hits.nodes.has(node.id));
  const hasDirect = all.some(({ direct }) => direct !== null);
  const known = COLUMNS.filter(({ name }) => isKnown(name, all));
  const { shown: columns, hidden } = fittingColumns(known, room.width, others);
  const column = by === 'direct' && !hasDirect ? 'outgoing' : by;
  const sort = (name: HeadColumn): void => {
    setDown(name === column ? !down : !UPWARDS.has(name));
    setBy(name);
  };
  const range = rangeOf(all);
  const mentions = details !== null && hasLaterMentions(details.prompts);
  return (
    <section class="heads-tab" data-testid="heads-table" ref={room.ref}>
      <p class="quiet">
        {plural(all.length, 'node')} of the circuit{hits ? ' that fit the search' : ''}
        {hasDirect && (shownPrompt.value === null ? ', mean over the prompts' : `, prompt ${shownPrompt.value + 1}`)}.
        Ctrl-click pins.
        {hidden.some(({ name }) => name === column) && ` Sorted by ${titleOf(column)}.`}
      </p>
      {hidden.length > 0 && (
        <button type="button" class="button text" onClick={() => setOthers(!others)}>
          Show {hidden.map(({ name }) => titleOf(name)).join(', ')}
        </button>
      )}
      {!hasDirect && (
        <Absent
          what="This file says of its nodes only which edges they have."
          how={
            <>
              <code>inspect</code> measures direct effects, attention and promoted tokens.
            </>
          }
        />
      )}
      <div class="wide-table">
        <table>
          <thead>
            <tr>
              {columns.map(({ name, title, about, kind }) => (
                <SortHead
                  key={name}
                  title={title}
                  about={about}
                  kind={kind}
                  sorted={name === column ? (down ? 'descending' : 'ascending') : 'none'}
                  onSort={() => sort(name)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {sortHeads(all, column, down).map((row) => (
              <Row
                key={row.node.id}
                row={row}
                columns={columns.map(({ name }) => name)}
                range={range}
                mentions={mentions}
              />
            ))}
          </tbody>
        </table>
      </div>
      {all.some(({ looks }) => looks.length > 0) && <p class="quiet">{ROLE_HELP}</p>}
      {all.some(({ verdicts }) => verdicts.length > 0) && <p class="quiet">{VERDICT_HELP}</p>}
    </section>
  );
}

/** The title of a column inside of a sentence. */
function titleOf(column: HeadColumn): string {
  return COLUMNS.find(({ name }) => name === column)?.title.toLowerCase() ?? column;
}

/** Share of the attention from which on a second place is worth words. */
const SECOND = 0.1;

function isWorthWords({ share }: { readonly share: number }, place: number): boolean {
  return place === 0 || share >= SECOND;
}

/** A column of which no row knows anything is left out. */
function isKnown(name: HeadColumn, rows: readonly HeadRow[]): boolean {
  switch (name) {
    case 'direct':
    case 'inCircuit':
    case 'answerRank':
      return rows.some((row) => row[name] !== null);
    case 'looks':
      return rows.some(({ looks, verdicts }) => looks.length + verdicts.length > 0);
    default:
      return true;
  }
}

/** From the smallest direct effect to the largest one, with 0 between. */
function rangeOf(rows: readonly HeadRow[]): readonly [number, number] {
  const values = rows.map(({ direct }) => direct?.value ?? 0);
  return [Math.min(0, ...values), Math.max(0, ...values)];
}

function Row(props: {
  row: HeadRow;
  columns: readonly HeadColumn[];
  range: readonly [number, number];
  mentions: boolean;
}) {
  const store = useStore();
  const { viewField } = store;
  const { row, columns, range, mentions } = props;
  const { id, label } = row.node;
  return (
    <tr
      aria-selected={viewField.selected.value === id || viewField.pinned.value.includes(id)}
      onClick={(event) => (event.ctrlKey || event.metaKey ? togglePins(store, [id]) : choose(store, id))}
      onPointerEnter={() => hint(store, id)}
      onPointerLeave={() => hint(store, null)}
    >
      {columns.map((name) =>
        name === 'node' ? (
          <th key={name} scope="row">
            <button type="button" class="link" onFocus={() => hint(store, id)} onBlur={() => hint(store, null)}>
              {label}
            </button>
          </th>
        ) : (
          <Cell key={name} name={name} row={row} range={range} mentions={mentions} />
        ),
      )}
    </tr>
  );
}

function Cell(props: { name: HeadColumn; row: HeadRow; range: readonly [number, number]; mentions: boolean }) {
  const { name, row, range, mentions } = props;
  switch (name) {
    case 'direct':
      return (
        <td class="number">
          {row.direct ? <Direct spread={row.direct} range={range} /> : <span class="quiet">–</span>}
        </td>
      );
    case 'looks':
      return (
        <td class="looks">
          {row.looks
            .slice(0, 2)
            .filter(isWorthWords)
            .map(({ from, at, share }) => (
              <span key={`${from} ${at}`}>
                {roleWords(from, mentions)} → {roleWords(at, mentions)} <b>{formatPercent(share)}</b>
              </span>
            ))}
          {row.verdicts.map(({ kind, share }) => (
            <span key={kind} class="verdict" title={`${formatPercent(share)} of its attention`}>
              {verdictWords({ kind })}
            </span>
          ))}
        </td>
      );
    case 'answerRank':
      return <td class="number">{row.answerRank ?? '–'}</td>;
    case 'inCircuit':
      return (
        <td class="number" title={row.inCircuit ? positiveWords(row.inCircuit) : undefined}>
          {row.inCircuit ? formatEffect(row.inCircuit.value) : '–'}
        </td>
      );
    default:
      return <SumCell of={name === 'incoming' ? row.incoming : row.outgoing} />;
  }
}

function Direct({ spread, range }: { spread: Spread; range: readonly [number, number] }) {
  return (
    <span
      class="direct"
      title={`${positiveWords(spread)}; mean ${formatEffect(spread.mean)} ± ${spread.deviation.toPrecision(3)}`}
    >
      <span>
        <b>{formatEffect(spread.value)}</b> <small>{`${spread.positive} of ${spread.of}`}</small>
      </span>
      <SpreadBar spread={spread} range={range} />
    </span>
  );
}

function positiveWords({ positive, of }: Spread): string {
  return `above 0 on ${positive} of ${plural(of, 'prompt')}`;
}

function SumCell({ of: { edges, sum } }: { of: Sum }) {
  return (
    <td class="number" title={`${plural(edges, 'edge')}, sum ${formatEffect(sum)}`}>
      {edges}
    </td>
  );
}
