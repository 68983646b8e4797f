import type { PromptDetails } from '../../../src/circuit/details.js';
import { formatEffect, formatNumber, formatPercent } from '../../view/format.js';
import { metricLine, naturalValue } from '../../view/metric-words.js';
import { HowToGet } from '../cards/how-to.js';
import { LikeliestTokens } from '../cards/likeliest-tokens.js';
import { PromptPicker } from '../cards/prompt-picker.js';
import { Fact } from '../controls/facts.js';
import { Token } from '../controls/token.js';
import { useStore } from '../state/use-store.js';

/** A prompt of the task, clean and corrupted side by side. */
export function PromptsTab() {
  const { current, shownPrompt } = useStore();
  const details = current.value?.details;
  if (!details || details.prompts.length === 0) {
    return <HowToGet what="The files of this circuit have no prompts." />;
  }
  const index = shownPrompt.value ?? 0;
  return (
    <div class="prompts" data-testid="prompts">
      <PromptPicker details={details} />
      {shownPrompt.value === null && details.prompts.length > 1 && (
        <p class="quiet">The page shows means over the prompts. This is prompt 1 of them.</p>
      )}
      <Prompt prompt={details.prompts[index]!} metric={details.metric} />
    </div>
  );
}

function Prompt({ prompt, metric }: { prompt: PromptDetails; metric: string }) {
  const { clean, corrupted, position, correct, wrong, metrics, logitDifference, probability } = prompt;
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
                <Token text={token} />
              </span>
              <span role="cell">
                <Token text={corrupted[i] ?? ''} />
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
        <Fact name="Right answer">
          <Tokens tokens={correct} />
        </Fact>
        {probability && <Fact name="Its probability">{formatPercent(probability.correct)}</Fact>}
        <Fact name="Wrong answer">
          <Tokens tokens={wrong} />
        </Fact>
        {probability && wrong.length > 0 && <Fact name="Its probability">{formatPercent(probability.wrong)}</Fact>}
        <Fact name="Logit difference">{logitDifference === null ? '–' : formatEffect(logitDifference)}</Fact>
      </dl>
      {prompt.top.length > 0 && (
        <>
          <h3>
            Likeliest next tokens <span class="quiet">whole model, clean prompt</span>
          </h3>
          <LikeliestTokens of={prompt} />
        </>
      )}
      <h3>
        Metric <span class="quiet">{metricLine(metric)}</span>
      </h3>
      <dl class="facts">
        <Fact name="Whole model">{formatNumber(naturalValue(metric, metrics.whole))}</Fact>
        <Fact name="Circuit">{formatNumber(naturalValue(metric, metrics.circuit))}</Fact>
        <Fact name="Empty circuit">{formatNumber(naturalValue(metric, metrics.empty))}</Fact>
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
        <Token key={i} text={token} />
      ))}
      {tokens.length > MOST && <span class="quiet"> and {tokens.length - MOST} more</span>}
    </>
  );
}
