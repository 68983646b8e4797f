import { useState } from 'preact/hooks';
import { formatEffect, formatPercent, plural } from '../../view/format.js';
import { headRows, sortHeads, type HeadColumn, type HeadRow, type Spread, type Sum } from '../../view/heads.js';
import { hasLaterMentions, ROLE_HELP, roleWords, VERDICT_HELP, verdictWords } from '../../view/role-words.js';
import { choose, hint } from '../actions/choose.js';
import { togglePins } from '../actions/marks.js';
import { Absent } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { SortHead } from './sort-head.js';
import { SpreadBar } from './spread-bar.js';

const COLUMNS: readonly (readonly [HeadColumn, title: string, about: string, kind: string])[] = [
  ['node', 'Node', 'Layer and head', ''],
  ['direct', 'Direct effect', 'On the logit difference, in the whole model: of what the node itself writes', 'number'],
  ['looks', 'Looks from → at', 'Where the head attends, from the token at which its output is used', ''],
  ['answerRank', 'Rank', 'Place of the answer among the tokens that it promotes: 1 = no token more', 'number'],
  ['inCircuit', 'In circuit', 'What cutting all its outgoing edges costs in the circuit', 'number'],
  ['incoming', 'In', 'Edges of the circuit into it; their sum as the tip', 'number'],
  ['outgoing', 'Out', 'Edges of the circuit out of it; their sum as the tip', 'number'],
];
/** Columns that are first sorted from the smallest value to the largest. */
const UPWARDS = new Set<HeadColumn>(['node', 'answerRank']);

/** What each node of the circuit does: what it writes, where it looks and what it is worth. */
export function HeadsTab() {
  const { current, data, shownPrompt, found } = useStore();
  const [by, setBy] = useState<HeadColumn>('direct');
  const [down, setDown] = useState(true);
  const details = current.value?.details ?? null;
  const hits = found.value;
  const all = headRows(data.value, details, shownPrompt.value).filter(({ node }) => !hits || hits.nodes.has(node.id));
  const hasDirect = all.some(({ direct }) => direct !== null);
  const columns = COLUMNS.filter(([name]) => isKnown(name, all));
  const column = by === 'direct' && !hasDirect ? 'outgoing' : by;
  const sort = (name: HeadColumn): void => {
    setDown(name === column ? !down : !UPWARDS.has(name));
    setBy(name);
  };
  const range = rangeOf(all);
  const mentions = details !== null && hasLaterMentions(details.prompts);
  return (
    <section class="heads-tab" data-testid="heads-table">
      <p class="quiet">
        {plural(all.length, 'node')} of the circuit{hits ? ' that fit the search' : ''}
        {hasDirect && (shownPrompt.value === null ? ', mean over the prompts' : `, prompt ${shownPrompt.value + 1}`)}.
        Ctrl-click pins.
      </p>
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
              {columns.map(([name, title, about, kind]) => (
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
                columns={columns.map(([name]) => name)}
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
