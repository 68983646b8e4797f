import type { CircuitDetails, NodeDetails } from '../../../src/circuit/details.js';
import { effectClass, formatCount, formatEffect, formatMagnitude } from '../../view/format.js';
import { rankOf, spreadOf, type Spread } from '../../view/heads.js';
import { metricWords, worseWords } from '../../view/metric-words.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** The numbers of a node: what the circuit loses without it, and what it writes to the answer by itself. */
export function NodeNumbers({ measured, details }: { measured: NodeDetails; details: CircuitDetails }) {
  const { shownPrompt } = useStore();
  const prompt = shownPrompt.value;
  const direct = spreadOf(measured.direct, prompt);
  const inCircuit = spreadOf(measured.inCircuit, prompt);
  return (
    <>
      {inCircuit && (
        <Fact name="In the circuit">
          <Value spread={inCircuit} unit={metricWords(details.metric).unit} />
          <span class="quiet line">so much {worseWords(details.metric)} when all its edges out are cut</span>
        </Fact>
      )}
      {direct && (
        <Fact name="Direct effect">
          <Value spread={direct} unit="logits" />
          <span class="quiet line">
            to the logit difference, in the whole model; above 0 on {formatCount(direct.positive)} of{' '}
            {formatCount(direct.of)} prompts
          </span>
        </Fact>
      )}
      <AnswerRank rank={rankOf(measured, prompt)} prompt={prompt} />
    </>
  );
}

/** A number of a node: on the chosen prompt, or the mean with its spread. */
function Value({ spread, unit }: { spread: Spread; unit: string | null }) {
  const { shownPrompt } = useStore();
  const { value, deviation, of } = spread;
  const prompt = shownPrompt.value;
  return (
    <>
      <span class={`effect ${effectClass(value, true)}`}>{formatEffect(value)}</span>
      {unit && ` ${unit}`}
      <span
        class="quiet"
        title={prompt === null ? `Mean over ${formatCount(of)} prompts ± standard deviation` : undefined}
      >
        {prompt !== null ? ` on prompt ${prompt + 1}` : of > 1 && ` ± ${formatMagnitude(deviation)}`}
      </span>
    </>
  );
}

function AnswerRank({ rank, prompt }: { rank: number | null; prompt: number | null }) {
  if (rank === null) return null;
  return (
    <Fact name="Rank of the answer">
      <b>{formatCount(rank)}</b>
      <span class="quiet">
        {' '}
        among all tokens that it promotes{prompt === null ? ', median over the prompts' : ` on prompt ${prompt + 1}`}
      </span>
    </Fact>
  );
}
