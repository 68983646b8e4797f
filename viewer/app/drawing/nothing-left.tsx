import { nothingLeft } from '../../view/nothing-left.js';
import { useStore } from '../state/use-store.js';

/** Says why the drawing shows nothing, and leads back. */
export function NothingLeft() {
  const { current, data, selection, found, view, sizesKnown, update } = useStore();
  const told = current.value && nothingLeft(data.value, selection.value, found.value, view.value, sizesKnown.value);
  if (!told) return null;
  const { words, back } = told;
  return (
    <div class="floating nothing-left" role="status" data-testid="nothing-left">
      <p>{words}</p>
      {back && (
        <button type="button" class="button" onClick={() => update(back.patch)}>
          {back.words}
        </button>
      )}
    </div>
  );
}
