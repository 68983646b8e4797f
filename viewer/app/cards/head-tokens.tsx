import { useState } from 'preact/hooks';
import type { HeadTokens } from '../../../src/circuit/details.js';
import { formatEffect } from '../../view/format.js';
import { Token } from '../controls/token.js';

/** Words that are shown before "more", and tokens of each. */
const FEW_WORDS = 6;
const FEW_TOKENS = 4;

/** What a head writes where it attends to a token: for some tokens of the prompts, those that it promotes most. */
export function HeadTokensSection({ ov }: { ov: HeadTokens }) {
  const [all, setAll] = useState(false);
  const { words, copying, tokens } = ov;
  if (tokens.length === 0) return null;
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return (
    <section class="head-tokens" data-testid="head-tokens">
      <h3>
        Writes for a token <span class="quiet">by its weights alone (OV)</span>
      </h3>
      <ol aria-label="Tokens and what the head promotes for them">
        {tokens.slice(0, all ? tokens.length : FEW_WORDS).map(({ token, promotes }, i) => (
          <li key={i}>
            <Token text={token} />
            <span class="arrow" aria-label="promotes">
              →
            </span>
            <span class="promoted">
              {promotes.slice(0, FEW_TOKENS).map(({ token: other, logit }, k) => (
                <Token
                  key={k}
                  text={other}
                  title={`${JSON.stringify(other)}: ${formatEffect(logit)}`}
                  {...(other === token && { class: 'self' })}
                />
              ))}
            </span>
          </li>
        ))}
      </ol>
      {tokens.length > FEW_WORDS && (
        <button type="button" class="link" onClick={() => setAll(!all)}>
          {all ? 'fewer' : `${tokens.length - FEW_WORDS} more`}
        </button>
      )}
      <p class="quiet copying">
        Copies: {percent(copying.top1IsSelf)} of {words} tokens promote themselves most, {percent(copying.top5HasSelf)}{' '}
        among the five strongest.
      </p>
    </section>
  );
}
