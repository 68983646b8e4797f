import type { Attention } from '../../attention/attention.js';
import { smallSide } from '../../attention/grid-room.js';
import type { HeadPattern as Pattern } from '../../attention/patterns.js';
import { choose, hint } from '../actions/choose.js';
import { useStore } from '../state/use-store.js';
import { HeadPattern } from './head-pattern.js';
import type { Pointing } from './pointing.js';

/** Room around a small pattern, and the height of its name. As in the style sheet. */
const [GAP, NAME] = [12, 22];
/** Least width of a small pattern of lines. */
const LINES = 110;

/** Patterns of several heads side by side, over the same tokens. */
export function SmallPatterns(props: {
  attention: Attention;
  patterns: readonly Pattern[];
  pointing: Pointing;
  width: number;
  height: number;
  onOpen?: () => void;
}) {
  const { attention, patterns, pointing, width, height, onOpen } = props;
  const store = useStore();
  const { nodeLabel, viewField } = store;
  const n = attention.shown.tokens.length;
  const side = smallSide(patterns.length, n, { width, height, gap: GAP, name: NAME });
  const room = {
    width: viewField.attention.value.as === 'lines' ? Math.max(LINES, Math.min(side * n, 200)) : side * n + 1,
    labelled: false,
    least: side,
    most: side,
  };
  return (
    <ul class="small-patterns" aria-label="Attention of several heads">
      {patterns.map((pattern) => (
        <li key={pattern.head}>
          <button
            type="button"
            class="link"
            onClick={() => {
              choose(store, pattern.head);
              onOpen?.();
            }}
            onPointerEnter={() => hint(store, pattern.head)}
            onPointerLeave={() => hint(store, null)}
          >
            {nodeLabel(pattern.head)}
          </button>
          <HeadPattern attention={attention} pattern={pattern} pointing={pointing} room={room} />
        </li>
      ))}
    </ul>
  );
}
