import { note } from '../actions/marks.js';
import { useStore } from '../state/use-store.js';

const LONGEST = 2000;

/** The reader's note on a node, an edge or a group. It is a part of the view. */
export function Note({ name }: { name: string }) {
  const store = useStore();
  const { viewField } = store;
  const notes = viewField.notes.value;
  return (
    <section>
      <h3>Note</h3>
      <textarea
        aria-label="Note"
        rows={2}
        maxLength={LONGEST}
        placeholder="What is this for? Kept in the link, and in the file when the view is saved."
        value={Object.hasOwn(notes, name) ? notes[name]! : ''}
        onChange={(event) => note(store, name, event.currentTarget.value.trim())}
      />
    </section>
  );
}
