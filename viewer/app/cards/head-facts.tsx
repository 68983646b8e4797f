import type { HeadDetectors } from '../../../src/circuit/details.js';
import { headKinds } from '../../view/head-kinds.js';
import { Fact } from '../controls/facts.js';

const ABOUT =
  "Share of the head's attention that is where a head of that kind attends to: to the token before, to an earlier " +
  'occurrence of the token, to the token after one. Without attention to the first token and to itself; mean over the ' +
  'prompts.';

/** Below this, another kind is not worth a word. */
const LEAST_SHARE = 0.01;

/** The kind of head that a head attends like most, and the others beside it. */
export function HeadKindFact({ detectors }: { detectors: HeadDetectors }) {
  const [first, ...rest] = headKinds(detectors);
  if (!first) return null;
  const others = rest.filter(({ share }) => share >= LEAST_SHARE);
  return (
    <Fact name="Attends like">
      <span title={ABOUT} data-testid="head-kind">
        {first.words} <b>{first.share.toFixed(2)}</b>
        {others.length > 0 && <br />}
        <span class="quiet">{others.map(({ words, share }) => `${words} ${share.toFixed(2)}`).join(', ')}</span>
      </span>
    </Fact>
  );
}
