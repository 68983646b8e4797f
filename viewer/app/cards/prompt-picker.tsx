import type { CircuitDetails } from '../../../src/circuit/details.js';
import { useStore } from '../state/use-store.js';

const LONGEST = 60;

/** A prompt on one line, for lists. */
export function promptText(tokens: readonly string[]): string {
  const text = tokens.join('').replaceAll('\n', '↵').trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

export function PromptPicker({ details, mean = true }: { details: CircuitDetails; mean?: boolean }) {
  const { shownPrompt, update } = useStore();
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
