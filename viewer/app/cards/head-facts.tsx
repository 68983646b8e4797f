import type { CircuitDetails, HeadDetectors, NodeDetails } from '../../../src/circuit/details.js';
import { attentionOf } from '../../attention/patterns.js';
import { usedRows } from '../../attention/used-rows.js';
import { rowWords } from '../../attention/words.js';
import type { NodeRecord } from '../../data/circuit-data.js';
import { formatPercent, plural } from '../../view/format.js';
import { headKinds } from '../../view/head-kinds.js';
import { hasLaterMentions, roleWords, VERDICT_HELP, verdictWords } from '../../view/role-words.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** What a head was found to be, and with which share of its attention. */
export function Verdicts({ verdicts }: Pick<NodeDetails, 'verdicts'>) {
  if (verdicts.length === 0) return null;
  return (
    <p class="verdicts" title={VERDICT_HELP}>
      {verdicts.map((verdict) => (
        <span key={verdict.kind} class="verdict kept">
          {verdictWords(verdict)} {formatPercent(verdict.share)}
        </span>
      ))}
    </p>
  );
}

/** Pairs of roles with less of the attention are not worth a line. */
const LEAST_LOOK = 0.05;

/** Where a head looks: on the chosen prompt in its tokens, and over all prompts in their roles. */
export function LooksFact({ node, details }: { node: NodeRecord; details: CircuitDetails }) {
  const { ownData, shownPrompt } = useStore();
  const { looks } = details.nodes[node.id]!;
  const mentions = hasLaterMentions(details.prompts);
  const told = looks.filter(({ share }, i) => i === 0 || share >= LEAST_LOOK);
  const prompt = shownPrompt.value ?? 0;
  const shown = attentionOf(details, [node.id], 'clean', prompt);
  const rows = shown?.prompt === prompt ? usedRows(details, ownData.value, node.id, prompt) : [];
  if (looks.length === 0 && rows.length === 0) return null;
  return (
    <Fact name="Looks">
      {told.map(({ from, at, share, prompts }) => (
        <span key={`${from} ${at}`} class="look">
          <b>{formatPercent(share)}</b> from {roleWords(from, mentions)} at {roleWords(at, mentions)}{' '}
          <span class="quiet">on {plural(prompts, 'prompt')}</span>
        </span>
      ))}
      {rows.map((row) => (
        <span key={row} class="look quiet">
          On prompt {prompt + 1}: {rowWords(shown!.patterns[0]!, shown!.tokens, row, 'it')}
        </span>
      ))}
    </Fact>
  );
}

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
