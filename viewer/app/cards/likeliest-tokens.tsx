import type { PromptDetails } from '../../../src/circuit/details.js';
import { formatChance, formatNumber } from '../../view/format.js';
import { Token } from '../controls/token.js';

/** The likeliest next tokens of the whole model on a clean prompt, with their probabilities. */
export function LikeliestTokens({ of }: { of: Pick<PromptDetails, 'top' | 'correct' | 'wrong'> }) {
  const { top, correct, wrong } = of;
  return (
    <ol class="top-tokens" aria-label="Likeliest next tokens">
      {top.map(({ token, probability, logit }, i) => (
        <li key={i} title={`logit ${formatNumber(logit)}`}>
          <Token text={token} />
          <span class="mark">{correct.includes(token) ? 'right' : wrong.includes(token) ? 'wrong' : ''}</span>
          <span class="track" aria-hidden="true">
            <span class="bar" style={{ width: `${100 * probability}%` }} />
          </span>
          <span class="number">{formatChance(probability)}</span>
        </li>
      ))}
    </ol>
  );
}
