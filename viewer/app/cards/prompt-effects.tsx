import { useState } from 'preact/hooks';
import type { PromptDetails } from '../../../src/circuit/details.js';
import { effectClass, formatEffect } from '../../view/format.js';
import { promptText } from './prompt-picker.js';

const HEIGHT = 64;

/** The effect of an edge on each prompt, as bars from a common zero line. */
export function PromptEffects(props: { effects: readonly number[]; prompts: readonly PromptDetails[] }) {
  const [at, setAt] = useState<number | null>(null);
  const { effects, prompts } = props;
  const top = Math.max(0, ...effects);
  const bottom = Math.min(0, ...effects);
  const span = top - bottom || 1;
  const y = (value: number): number => ((top - value) / span) * HEIGHT;
  const width = 100 / Math.max(1, effects.length);
  return (
    <section>
      <h3>Effect per prompt</h3>
      <svg
        class="bars"
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Effect on each of ${effects.length} prompts, from ${formatEffect(Math.min(...effects))} to ${formatEffect(Math.max(...effects))}`}
        onPointerLeave={() => setAt(null)}
      >
        {effects.map((effect, i) => (
          <g key={i} onPointerEnter={() => setAt(i)}>
            <rect x={i * width} y={0} width={width} height={HEIGHT} class={i === at ? 'under lit' : 'under'} />
            <rect
              x={(i + 0.1) * width}
              y={Math.min(y(effect), y(0))}
              width={0.8 * width}
              height={Math.max(0.5, Math.abs(y(effect) - y(0)))}
              class={effectClass(effect, true)}
            />
          </g>
        ))}
        <line x1={0} x2={100} y1={y(0)} y2={y(0)} />
      </svg>
      <p class="cell" role="status">
        {at === null ? (
          <span class="quiet">{effects.length} prompts; point at a bar</span>
        ) : (
          <>
            {at + 1}: <b>{formatEffect(effects[at] ?? null)}</b>{' '}
            <span class="quiet">{promptText(prompts[at]?.clean ?? [])}</span>
          </>
        )}
      </p>
    </section>
  );
}
