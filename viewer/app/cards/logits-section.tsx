import type { CircuitDetails, PromptDetails } from '../../../src/circuit/details.js';
import { effectClass, formatEffect, formatChance } from '../../view/format.js';
import { predictionOf, waterfallOf, type Prediction, type WaterfallStep } from '../../view/logits.js';
import { choose } from '../actions/choose.js';
import { useStore } from '../state/use-store.js';
import { LikeliestTokens } from './likeliest-tokens.js';
import { useLight } from './use-light.js';

/** What the model predicts, and the logit difference as a sum of what each node writes. */
export function LogitsSection({ details }: { details: CircuitDetails }) {
  const { shownPrompt } = useStore();
  const prediction = predictionOf(details, shownPrompt.value);
  return (
    <>
      {prediction && (
        <Predicted
          of={prediction}
          prompt={shownPrompt.value}
          chosen={details.prompts[shownPrompt.value ?? -1] ?? null}
        />
      )}
      <WaterfallSection details={details} prompt={shownPrompt.value} />
    </>
  );
}

function Predicted({ of, prompt, chosen }: { of: Prediction; prompt: number | null; chosen: PromptDetails | null }) {
  const { correct, wrong, answered } = of;
  return (
    <section data-testid="prediction">
      <h3>
        Next token <span class="quiet">whole model{prompt === null ? ', mean over the prompts' : ''}</span>
      </h3>
      <p class="quiet">
        {correct !== null && (
          <>
            right answer <b>{formatChance(correct)}</b>
            {wrong !== null && (
              <>
                , wrong answer <b>{formatChance(wrong)}</b>
              </>
            )}
            .{' '}
          </>
        )}
        {prompt === null && of.of > 0 && `A right answer is the likeliest token on ${answered} of ${of.of} prompts. `}
        {prompt === null && 'Choose a prompt to see its likeliest tokens.'}
      </p>
      {chosen && chosen.top.length > 0 && <LikeliestTokens of={chosen} />}
    </section>
  );
}

function WaterfallSection({ details, prompt }: { details: CircuitDetails; prompt: number | null }) {
  const waterfall = waterfallOf(details, prompt);
  if (!waterfall) return null;
  const { steps, sum, measured, addsUp } = waterfall;
  const bounds = steps.flatMap(({ from, value }) => [from, from + value]);
  const [low, high] = [Math.min(0, ...bounds), Math.max(0, ...bounds)];
  return (
    <section class="waterfall" data-testid="waterfall">
      <h3>
        Logit difference <span class="quiet">right − wrong, {prompt === null ? 'mean' : `prompt ${prompt + 1}`}</span>
      </h3>
      <p class="quiet">
        Direct effects in the whole model, one after the other.{' '}
        {addsUp ? (
          <>
            They add up to the <b>{formatEffect(measured)}</b> that was measured.
          </>
        ) : (
          <>
            They add up to <b>{formatEffect(sum)}</b>; measured{' '}
            {measured === null ? 'was nothing' : `were ${formatEffect(measured)}`}.
          </>
        )}
      </p>
      <ol>
        {steps.map((step) => (
          <Step key={step.node ?? step.words} of={step} low={low} high={high} />
        ))}
      </ol>
    </section>
  );
}

function Step({ of: { node, words, value, from }, low, high }: { of: WaterfallStep; low: number; high: number }) {
  const store = useStore();
  const handlers = useLight(node === null ? [] : [node]);
  const place = (at: number): number => (high > low ? (100 * (at - low)) / (high - low) : 0);
  const left = place(Math.min(from, from + value));
  const width = Math.max(0.4, place(Math.max(from, from + value)) - left);
  return (
    <li {...handlers}>
      <span class="name">
        {node === null ? (
          <span class="quiet">{words}</span>
        ) : (
          <button type="button" class="link" onClick={() => choose(store, node)}>
            {store.nodeLabel(node)}
          </button>
        )}
      </span>
      <span class="track" aria-hidden="true">
        <span class={`step ${effectClass(value, true)}`} style={{ left: `${left}%`, width: `${width}%` }} />
      </span>
      <span class="number">{formatEffect(value)}</span>
    </li>
  );
}
