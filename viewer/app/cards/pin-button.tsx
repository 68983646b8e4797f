import { togglePins } from '../actions/marks.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';

/** Pins a node, or takes its pin away. */
export function PinButton({ id }: { id: string }) {
  const store = useStore();
  const pinned = store.viewField.pinned.value.includes(id);
  return (
    <button
      type="button"
      class="button"
      aria-pressed={pinned}
      aria-label={pinned ? 'Unpin' : 'Pin'}
      title={`${pinned ? 'Unpin' : 'Pin'} (P)`}
      onClick={() => togglePins(store, [id])}
    >
      <Icon name="pin" />
    </button>
  );
}
