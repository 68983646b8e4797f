import { useState } from 'preact/hooks';
import type { CircuitDetails } from '../../../src/circuit/details.js';
import { effectClass, formatEffect } from '../../view/format.js';
import { metricWords, worseWords } from '../../view/metric-words.js';
import type { PromptNumbers } from '../../view/edge-worth.js';
import { Segmented } from '../controls/segmented.js';
import { useStore } from '../state/use-store.js';
import { promptText } from './prompt-picker.js';

const HEIGHT = 72;
/** Distance of two numbers of the scale that can be read. */
const LEAST_STEP = 13;
const NAMES = { circuit: 'in the circuit', decided: 'when decided' } as const;

/** The effect of an edge on each prompt, as bars from a common zero line. A bar leads to its prompt. */
export function PromptEffects(props: { numbers: readonly PromptNumbers[]; details: CircuitDetails }) {
  const { numbers, details } = props;
  const { shownPrompt, update } = useStore();
  const [measure, setMeasure] = useState(numbers[0]!.measure);
  const [at, setAt] = useState<number | null>(null);
  const { effects } = numbers.find((one) => one.measure === measure) ?? numbers[0]!;
  const chosen = shownPrompt.value;
  const on = at ?? chosen;
  const { unit } = metricWords(details.metric);
  const choosePrompt = (prompt: number): void => update({ prompt: prompt === chosen ? null : prompt });
  const move = (event: KeyboardEvent): void => {
    const from = on ?? -1;
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: effects.length - 1 }[event.key];
    if (to !== undefined) setAt(Math.max(0, Math.min(effects.length - 1, to)));
    else if ((event.key === 'Enter' || event.key === ' ') && on !== null) choosePrompt(on);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="prompt-effects">
      <h3>
        Prompt by prompt{' '}
        <span class="quiet">
          so much {worseWords(details.metric)}
          {unit && `, in ${unit}`}
        </span>
      </h3>
      {numbers.length > 1 && (
        <Segmented
          label="Effect per prompt"
          value={measure}
          options={numbers.map((one) => [one.measure, NAMES[one.measure]] as const)}
          onChange={setMeasure}
        />
      )}
      <div
        class="bars"
        role="slider"
        tabIndex={0}
        aria-label={`Effect on each of ${effects.length} prompts; Enter shows that prompt`}
        aria-valuemin={1}
        aria-valuemax={effects.length}
        aria-valuenow={(on ?? 0) + 1}
        aria-valuetext={
          on === null ? 'mean over the prompts' : `prompt ${on + 1}: ${formatEffect(effects[on] ?? null)}`
        }
        onKeyDown={move}
        onBlur={() => setAt(null)}
        onPointerLeave={() => setAt(null)}
      >
        <Bars effects={effects} at={at} chosen={chosen} onPoint={setAt} onChoose={choosePrompt} />
      </div>
      <p class="cell" role="status">
        {on === null ? (
          <span class="quiet">{effects.length} prompts; a click on a bar shows that prompt everywhere</span>
        ) : (
          <>
            {on + 1}: <b>{formatEffect(effects[on] ?? null)}</b>{' '}
            <span class="quiet">{promptText(details.prompts[on]?.clean ?? [])}</span>
          </>
        )}
        {chosen !== null && (
          <>
            {' '}
            <button type="button" class="link" onClick={() => update({ prompt: null })}>
              mean over all
            </button>
          </>
        )}
      </p>
    </section>
  );
}

function Bars(props: {
  effects: readonly number[];
  at: number | null;
  chosen: number | null;
  onPoint: (prompt: number) => void;
  onChoose: (prompt: number) => void;
}) {
  const { effects, at, chosen, onPoint, onChoose } = props;
  const finite = effects.filter(Number.isFinite);
  const top = Math.max(0, ...finite);
  const bottom = Math.min(0, ...finite);
  const span = top - bottom || 1;
  const y = (value: number): number => ((top - value) / span) * HEIGHT;
  const width = 100 / Math.max(1, effects.length);
  // A number that would be printed over that of zero is left out.
  const ticks = [top, 0, bottom].filter((tick, i) => i === 1 || Math.abs(y(tick) - y(0)) >= LEAST_STEP);
  return (
    <>
      <div class="scale" style={{ height: `${HEIGHT}px` }} aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ top: `${y(tick)}px` }}>
            {formatEffect(tick)}
          </span>
        ))}
      </div>
      <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {effects.map((effect, i) => (
          <g key={i} onPointerEnter={() => onPoint(i)} onClick={() => onChoose(i)}>
            <rect
              x={i * width}
              y={0}
              width={width}
              height={HEIGHT}
              class={i === chosen ? 'under chosen' : i === at ? 'under lit' : 'under'}
            />
            {Number.isFinite(effect) && (
              <rect
                x={(i + 0.1) * width}
                y={Math.min(y(effect), y(0))}
                width={0.8 * width}
                height={Math.max(0.5, Math.abs(y(effect) - y(0)))}
                class={effectClass(effect, true)}
              />
            )}
          </g>
        ))}
        <line x1={0} x2={100} y1={y(0)} y2={y(0)} />
      </svg>
    </>
  );
}
