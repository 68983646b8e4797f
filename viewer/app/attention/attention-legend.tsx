import { weightColor } from '../../attention/map-drawing.js';
import type { ShownAttention } from '../../attention/patterns.js';
import { weightWords } from '../../attention/words.js';
import { useStore } from '../state/use-store.js';

/** What the colours of a pattern say. */
export function AttentionLegend({ shown }: { shown: ShownAttention }) {
  const { palette } = useStore();
  const { most, signed } = shown;
  const colors = palette.value;
  const stops = (signed ? [-most, 0, most] : [0, most]).map((weight) => weightColor(weight, shown, colors));
  return (
    <p class="attention-legend">
      <span class="quiet">{signed ? `${weightWords(-most, true)} more on the corrupted` : '0'}</span>
      <span class="scale" style={{ background: `linear-gradient(to right, ${stops.join(', ')})` }} />
      <span class="quiet">{signed ? `more on the clean ${weightWords(most, true)}` : '1: all of the attention'}</span>
    </p>
  );
}
