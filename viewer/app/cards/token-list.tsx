import type { TokenLogit } from '../../../src/circuit/details.js';
import { formatEffect } from '../../view/format.js';
import { Token } from '../controls/token.js';

/** Tokens with what is added to their logits: bars from a common zero, their numbers beside them. */
export function TokenList(props: {
  /** What the list says: for a screen reader. */
  says: string;
  tokens: readonly TokenLogit[];
  /** The |logit| of the longest bar. */
  most: number;
}) {
  const { says, tokens, most } = props;
  return (
    <ol class="token-list" aria-label={says}>
      {tokens.map(({ token, logit }, i) => (
        <li key={i}>
          <Token text={token} />
          <span class="track" aria-hidden="true">
            <span
              class={logit < 0 ? 'bar less' : 'bar'}
              style={{ width: `${Math.min(100, (100 * Math.abs(logit)) / most)}%` }}
            />
          </span>
          <span class="number">{formatEffect(logit)}</span>
        </li>
      ))}
    </ol>
  );
}

/** The largest |logit| of some tokens, for bars of one scale. */
export function largestLogit(...lists: readonly (readonly TokenLogit[])[]): number {
  return Math.max(Number.MIN_VALUE, ...lists.flat().map(({ logit }) => Math.abs(logit)));
}
