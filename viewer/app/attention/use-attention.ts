import { useMemo } from 'preact/hooks';
import { attentionShown, type Attention } from '../../attention/attention.js';
import { useStore } from '../state/use-store.js';

/** The attention of some heads as the page shows it. Null where none of them was measured. */
export function useAttention(heads: readonly string[]): Attention | null {
  const { current, ownData, shownPrompt, viewField } = useStore();
  const details = current.value?.details ?? null;
  const [data, prompt, view] = [ownData.value, shownPrompt.value, viewField.attention.value];
  const names = heads.join(' ');
  return useMemo(
    () => (details ? attentionShown(details, data, heads, view, prompt) : null),
    [details, data, prompt, view.run, view.rows, names],
  );
}
