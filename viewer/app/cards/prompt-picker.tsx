import { computed } from '@preact/signals';
import type { CircuitDetails } from '../../../src/circuit/details.js';
import { current } from '../state/circuits.js';
import { update, viewField } from '../state/view.js';

/** Index of the prompt that cards show. Null = mean over the prompts. */
export const shownPrompt = computed(() => {
  const prompt = viewField.prompt.value;
  const count = current.value?.details?.prompts.length ?? 0;
  return prompt !== null && prompt >= 0 && prompt < count ? prompt : null;
});

const LONGEST = 60;

/** A prompt on one line, for lists. */
export function promptText(tokens: readonly string[]): string {
  const text = tokens.join('').replaceAll('\n', '↵').trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

export function PromptPicker({ details, mean = true }: { details: CircuitDetails; mean?: boolean }) {
  const value = shownPrompt.value ?? (mean ? '' : 0);
  return (
    <select
      class="prompt-picker"
      aria-label="Prompt"
      value={value}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        update({ prompt: chosen === '' ? null : Number(chosen) });
      }}
    >
      {mean && <option value="">mean over {details.prompts.length} prompts</option>}
      {details.prompts.map(({ clean }, i) => (
        <option key={i} value={i}>
          {i + 1}: {promptText(clean)}
        </option>
      ))}
    </select>
  );
}
