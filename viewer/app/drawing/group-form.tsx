import { useEffect, useRef } from 'preact/hooks';
import { group, groupCandidates } from '../actions/marks.js';
import { useStore } from '../state/use-store.js';

/** Asks for the name of a new group, over the drawing. */
export function GroupForm() {
  const store = useStore();
  const { dialog, nodeLabel } = store;
  const input = useRef<HTMLInputElement>(null);
  const open = dialog.value === 'group';
  useEffect(() => {
    if (open) input.current?.focus();
  }, [open]);
  if (!open) return null;
  const members = groupCandidates(store);
  return (
    <form
      class="group-form floating"
      aria-label="New group"
      onSubmit={(event) => {
        event.preventDefault();
        const name = input.current?.value.trim();
        if (name && members.length > 1) group(store, name, members);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        // Escape would close the card as well.
        event.stopPropagation();
        dialog.value = null;
      }}
    >
      <label>
        Name of the group of {members.length}
        <input ref={input} type="text" maxLength={60} placeholder="name movers" required />
      </label>
      <p class="quiet">{members.map(nodeLabel).join(', ')}</p>
      <div class="answers">
        <button type="submit" class="button text primary" disabled={members.length < 2}>
          Group
        </button>
        <button type="button" class="button text" onClick={() => (dialog.value = null)}>
          Cancel
        </button>
      </div>
    </form>
  );
}
