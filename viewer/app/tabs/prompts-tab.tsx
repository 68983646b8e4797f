import type { PromptDetails } from '../../../src/circuit/details.js';
import { formatEffect, formatNumber, visibleToken } from '../../view/format.js';
import { HowToGet } from '../cards/how-to.js';
import { PromptPicker } from '../cards/prompt-picker.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** A prompt of the task, clean and corrupted side by side. */
export function PromptsTab() {
  const { current, shownPrompt } = useStore();
  const details = current.value?.details;
  if (!details || details.prompts.length === 0) {
    return <HowToGet what="Prompts are not in this file." />;
  }
  const index = shownPrompt.value ?? 0;
  return (
    <div class="prompts" data-testid="prompts">
      <PromptPicker details={details} mean={false} />
      <Prompt prompt={details.prompts[index]!} metric={details.metric} />
    </div>
  );
}

function Prompt({ prompt, metric }: { prompt: PromptDetails; metric: string }) {
  const { clean, corrupted, position, correct, wrong, metrics, logitDifference } = prompt;
  const differing = clean.filter((token, i) => token !== corrupted[i]).length;
  return (
    <>
      <div class="token-columns" role="table" aria-label="Clean and corrupted prompt, token by token">
        <div role="row" class="token-row head">
          <span role="columnheader">#</span>
          <span role="columnheader">clean</span>
          <span role="columnheader">corrupted</span>
        </div>
        {clean.map((token, i) => {
          const differs = token !== corrupted[i];
          return (
            <div
              role="row"
              key={i}
              class={`token-row${differs ? ' differs' : ''}${i === position ? ' measured' : ''}`}
              title={i === position ? 'the prediction after this token is measured' : ''}
            >
              <span role="cell" class="quiet">
                {i}
              </span>
              <span role="cell">
                <span class="token">{visibleToken(token)}</span>
              </span>
              <span role="cell">
                <span class="token">{visibleToken(corrupted[i] ?? '')}</span>
                {differs && <span class="mark">≠</span>}
                {i === position && <span class="mark">◂ measured here</span>}
              </span>
            </div>
          );
        })}
      </div>
      <p class="quiet">
        {differing} of {clean.length} tokens differ (≠)
      </p>
      <dl class="facts">
        <Fact name="Right">
          <Tokens tokens={correct} />
        </Fact>
        <Fact name="Wrong">
          <Tokens tokens={wrong} />
        </Fact>
        <Fact name="Logit difference">{logitDifference === null ? '–' : formatEffect(logitDifference)}</Fact>
      </dl>
      <h3>
        Metric <span class="quiet">{metric}, lower is better</span>
      </h3>
      <dl class="facts">
        <Fact name="Whole model">{formatNumber(metrics.whole)}</Fact>
        <Fact name="Circuit">{formatNumber(metrics.circuit)}</Fact>
        <Fact name="Empty circuit">{formatNumber(metrics.empty)}</Fact>
      </dl>
    </>
  );
}

const MOST = 24;

function Tokens({ tokens }: { tokens: readonly string[] }) {
  if (tokens.length === 0) return <span class="quiet">none given</span>;
  return (
    <>
      {tokens.slice(0, MOST).map((token, i) => (
        <span key={i} class="token">
          {visibleToken(token)}
        </span>
      ))}
      {tokens.length > MOST && <span class="quiet"> and {tokens.length - MOST} more</span>}
    </>
  );
}
