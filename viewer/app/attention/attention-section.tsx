import type { Attention } from '../../attention/attention.js';
import type { HeadPattern as Pattern } from '../../attention/patterns.js';
import { promptWords } from '../../attention/words.js';
import { useStore } from '../state/use-store.js';
import { AttentionCaption } from './attention-caption.js';
import { AttentionControls } from './attention-controls.js';
import { AttentionLegend } from './attention-legend.js';
import { HeadPattern } from './head-pattern.js';
import { usePointing } from './pointing.js';
import { SmallPatterns } from './small-patterns.js';
import { useAttention } from './use-attention.js';
import { useRoom } from '../controls/use-room.js';

/** Sides of a cell of the large pattern: a prompt with room for less scrolls. */
const [LEAST, MOST] = [9, 24];
const WIDEST = 460;

/**
 * The attention of one head, and small beside it that of others; or of several heads of equal standing.
 *
 * @param head the head that is drawn large; null draws the first one large.
 */
export function AttentionSection({ head, beside }: { head: string | null; beside: readonly string[] }) {
  const heads = head === null ? beside : [head, ...beside.filter((other) => other !== head)];
  const attention = useAttention(heads);
  const main = attention?.shown.patterns.find((pattern) => pattern.head === (head ?? heads[0]));
  return attention && main ? <Patterns attention={attention} main={main} /> : null;
}

function Patterns({ attention, main }: { attention: Attention; main: Pattern }) {
  const { viewField, update, nodeLabel } = useStore();
  const view = viewField.attention.value;
  const pointing = usePointing();
  const { ref, width } = useRoom<HTMLElement>({ width: 380, height: 0 });
  const { shown } = attention;
  const others = shown.patterns.filter((pattern) => pattern !== main);
  const room = { width: Math.min(WIDEST, width), labelled: true, least: LEAST, most: MOST };
  return (
    <section class="attention" ref={ref} data-testid="attention">
      <h3>
        <span>
          Attention {others.length > 0 && `of ${nodeLabel(main.head)}`}{' '}
          <span class="quiet">{promptWords(shown.prompt, shown.note)}</span>
        </span>
        <button
          type="button"
          class="link"
          onClick={() => update({ attention: { ...view, wide: true } })}
          title="Attention of all pinned heads, or of all heads of the circuit"
        >
          full window
        </button>
      </h3>
      <AttentionControls attention={attention} />
      <div class="pattern-scroll">
        <HeadPattern attention={attention} pattern={main} pointing={pointing} room={room} />
      </div>
      <AttentionLegend shown={shown} />
      <AttentionCaption shown={shown} main={main} pointing={pointing} />
      {others.length > 0 && (
        <SmallPatterns attention={attention} patterns={others} pointing={pointing} width={width} height={240} />
      )}
    </section>
  );
}
