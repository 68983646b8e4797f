import { encodeView } from '../../view/url-state.js';
import { useStore } from '../state/use-store.js';

/** In a frame of another page: opens the whole viewer, with the same view. */
export function EmbedLink() {
  const { view } = useStore();
  const { pathname, search } = location;
  return (
    <a class="embed-link" href={`${pathname}${search}#${encodeView(view.value)}`} target="_blank" rel="noopener">
      Open in Edgewise
    </a>
  );
}
