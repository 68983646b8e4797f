import type { HeadPattern, ShownAttention } from '../../attention/patterns.js';
import { rowWords, tokenWords, weightWords, type Cell } from '../../attention/words.js';
import { useStore } from '../state/use-store.js';
import type { Pointing } from './pointing.js';

/** Most heads whose numbers are named. */
const MOST = 16;

/** The numbers of the cell that is pointed at, of every head. */
export function AttentionCaption(props: { shown: ShownAttention; main: HeadPattern; pointing: Pointing }) {
  const { shown, main, pointing } = props;
  const { nodeLabel } = useStore();
  const cell = pointing.cell.value;
  return (
    <p class="cell" role="status" data-testid="attention-caption">
      {cell === null ? (
        <span class="quiet">
          Rows: the query, columns: what it attends to. ▸ marks the queries that the circuit uses. Point at a cell, or
          use the arrow keys; a click or Enter holds it.
        </span>
      ) : (
        <>
          {cellWords(cell, shown, main, nodeLabel(main.head))}
          <Others cell={cell} shown={shown} main={main} />
          {pointing.held.value && <span class="quiet"> held; click again to let go</span>}
        </>
      )}
    </p>
  );
}

function Others({ cell, shown, main }: { cell: Cell; shown: ShownAttention; main: HeadPattern }) {
  const { nodeLabel } = useStore();
  const others = shown.patterns.filter((pattern) => pattern !== main);
  if (cell.query === null || cell.key === null || others.length === 0) return null;
  const numbers = others.slice(0, MOST).map((pattern) => (
    <span key={pattern.head} class="other-head">
      {nodeLabel(pattern.head)} <b>{weightWords(weightAt(pattern, shown, cell.query!, cell.key!), shown.signed)}</b>
    </span>
  ));
  return (
    <span class="other-heads">
      {numbers}
      {others.length > MOST && <span class="quiet">and {others.length - MOST} more</span>}
    </span>
  );
}

function cellWords({ query, key }: Cell, shown: ShownAttention, main: HeadPattern, label: string) {
  const { tokens, otherTokens, signed } = shown;
  const named = (at: number): string => {
    const other = otherTokens[at];
    const isOther = signed && other !== undefined && other !== tokens[at];
    return tokenWords(tokens, at) + (isOther ? ` (corrupted: ${tokenWords(otherTokens, at)})` : '');
  };
  if (query === null) return <>{key !== null && `Looked at: ${named(key)}.`}</>;
  if (key === null) return <>{signed ? `From ${named(query)}.` : rowWords(main, tokens, query, label)}</>;
  if (key > query) return <>No query attends to a token after it.</>;
  const weight = weightWords(weightAt(main, shown, query, key), signed);
  return (
    <>
      {label}: {named(query)} attends to {named(key)} with <b>{weight}</b>
      {signed && ' more on the clean prompt'}.{' '}
    </>
  );
}

function weightAt({ weights }: HeadPattern, { tokens }: ShownAttention, query: number, key: number): number {
  return weights[query * tokens.length + key] ?? 0;
}
