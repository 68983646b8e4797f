import type { Attention } from '../../attention/attention.js';
import type { AttentionView } from '../../view/view-state.js';
import { Segmented } from '../controls/segmented.js';
import { useStore } from '../state/use-store.js';

/** How attention is shown, on every card and in the full window. */
export function AttentionControls({ attention }: { attention: Attention }) {
  const { update, viewField } = useStore();
  const chosen = viewField.attention.value;
  const change = (part: Partial<AttentionView>): void => update({ attention: { ...chosen, ...part } });
  return (
    <div class="attention-controls">
      {attention.hasCorrupted && (
        <Segmented
          label="Run"
          value={attention.run}
          options={[
            ['clean', 'clean', 'On the clean prompt'],
            ['corrupted', 'corrupted', 'On the corrupted prompt'],
            ['difference', 'difference', 'Clean minus corrupted'],
          ]}
          onChange={(run) => change({ run })}
        />
      )}
      <Segmented
        label="Shown as"
        value={chosen.as}
        options={[
          ['map', 'map', 'Queries downwards, keys to the right'],
          ['lines', 'lines', 'Lines from each query to what it attends to'],
        ]}
        onChange={(as) => change({ as })}
      />
      <Segmented
        label="Rows"
        value={chosen.rows}
        options={[
          ['all', 'all rows', 'Every token as a query'],
          ['used', 'used', 'Only the queries that the circuit uses'],
        ]}
        onChange={(rows) => change({ rows })}
      />
    </div>
  );
}
