import { LEAST_CHANGE, readTokens } from '../../attention/edge-reads.js';
import { formatPercent, plural } from '../../view/format.js';
import { Token } from '../controls/token.js';

/** The tokens that a row attends to: with an edge, and beside it with the edge cut where that was measured. */
export function ReadTable(props: {
  row: { readonly query: number; readonly kept: Float32Array; readonly cut: Float32Array | null };
  tokens: readonly string[];
}) {
  const { row, tokens } = props;
  const { kept, cut } = row;
  const read = readTokens({ kept, cut: cut ?? kept });
  return (
    <table class="read-table">
      <thead>
        <tr>
          <th scope="col">token</th>
          <th scope="col">{cut ? 'with the edge' : 'attention'}</th>
          {cut && <th scope="col">without it</th>}
          {cut && (
            <th scope="col" class="number">
              change
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {read.tokens.map(({ key, kept: share, cut: without }) => (
          <tr key={key}>
            <th scope="row">
              <Token text={tokens[key] ?? ''} /> <span class="quiet">{key}</span>
            </th>
            <Share share={share} />
            {cut && <Share share={without} isCut />}
            {cut && <Change change={without - share} />}
          </tr>
        ))}
        {read.others.count > 0 && (
          <tr>
            <th scope="row" class="quiet">
              {plural(read.others.count, 'other')}
            </th>
            <Share share={read.others.kept} />
            {cut && <Share share={read.others.cut} isCut />}
            {cut && <Change change={read.others.cut - read.others.kept} />}
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Share({ share, isCut = false }: { share: number; isCut?: boolean }) {
  return (
    <td>
      <span class="share">
        <span class="track" aria-hidden="true">
          <span class={isCut ? 'bar cut' : 'bar'} style={{ width: `${Math.min(100, 100 * share)}%` }} />
        </span>
        {formatPercent(share)}
      </span>
    </td>
  );
}

/** What the cut does to a share, in percentage points. */
function Change({ change }: { change: number }) {
  if (!(Math.abs(change) >= LEAST_CHANGE)) return <td class="number quiet">–</td>;
  const points = `${change < 0 ? '−' : '+'}${Math.round(100 * Math.abs(change))}`;
  return (
    <td class="number">
      <b>{points}</b>
    </td>
  );
}
