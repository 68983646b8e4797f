import { useMemo } from 'preact/hooks';
import { drawingOf, type Attention, type PatternRoom } from '../../attention/attention.js';
import type { HeadPattern as Pattern } from '../../attention/patterns.js';
import { patternWords } from '../../attention/words.js';
import { useStore } from '../state/use-store.js';
import { PatternCanvas } from './pattern-canvas.js';
import { handlersOf, type Pointing } from './pointing.js';

/** The attention of one head, drawn as large as its room allows. */
export function HeadPattern(props: { attention: Attention; pattern: Pattern; pointing: Pointing; room: PatternRoom }) {
  const { attention, pattern, pointing, room } = props;
  const { viewField, nodeLabel } = useStore();
  const { as } = viewField.attention.value;
  const { width, labelled, least, most } = room;
  const drawing = useMemo(
    () => drawingOf(attention, pattern, as, { width, labelled, least, most }),
    [attention, pattern, as, width, labelled, least, most],
  );
  const { head } = pattern;
  const rows = attention.rows.get(head) ?? [];
  const used = attention.used.get(head) ?? [];
  return (
    <PatternCanvas
      says={patternWords(attention.shown, pattern, used.length > 0 ? used : rows.slice(-1), nodeLabel(head))}
      drawing={drawing}
      cell={pointing.cell}
      {...handlersOf(pointing, head, rows, attention.shown.tokens.length)}
    />
  );
}
