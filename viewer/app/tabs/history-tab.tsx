import { compareWith } from '../actions/comparing.js';
import { Absent } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { Replay } from './replay.js';

/** The pruning, decision by decision. */
export function HistoryTab() {
  const store = useStore();
  const { current, viewField } = store;
  const trace = current.value?.trace;
  if (!trace || trace.length === 0) {
    return (
      <Absent
        what="The order of decisions is not in this file."
        how={
          <>
            <code>discover</code> writes it to <code>trace.jsonl</code> beside <code>circuit.json</code>: open both
            files together. Methods that score all edges at once have no history.
          </>
        }
      />
    );
  }
  if (viewField.compareWith.value !== null) {
    return (
      <Absent
        what="Two circuits are compared."
        how={
          <button type="button" class="link" onClick={() => compareWith(store, null)}>
            End the comparison to replay this one
          </button>
        }
      />
    );
  }
  return <Replay trace={trace} />;
}
