import { edgeLabel, formatCount } from '../../view/format.js';
import { formatDrawn } from '../../view/measure-words.js';
import { strongestPaths, type CircuitPath } from '../../view/paths.js';
import { choose } from '../actions/choose.js';
import { useLight } from '../cards/use-light.js';
import { useStore } from '../state/use-store.js';

/** Paths that are listed. */
const LISTED = 10;

/** The strongest paths from the input to the logits over the shown edges. */
export function PathsTab() {
  const { data, drawnSelection } = useStore();
  const paths = strongestPaths(data.value, drawnSelection.value.edges, LISTED);
  if (paths.length === 0) return <p class="quiet">No path leads from input to logits over the shown edges.</p>;
  return (
    <section class="paths-tab" data-testid="paths">
      <p class="quiet">
        The {paths.length === 1 ? 'only path' : `${formatCount(paths.length)} strongest paths`} from input to logits
        over the shown edges. A path is as strong as its weakest edge.
      </p>
      <ol>
        {paths.map((path) => (
          <Path key={path.nodes.map(({ id, port }) => `${id} ${port}`).join()} path={path} />
        ))}
      </ol>
      <p class="quiet">Pin two nodes to light up the paths between them.</p>
    </section>
  );
}

function Path({ path: { nodes, edges, weakest } }: { path: CircuitPath }) {
  const store = useStore();
  const { nodeLabel, measure } = store;
  const names = [...edges.map(({ id }) => id), ...nodes.map(({ id }) => id)];
  const handlers = useLight(names);
  return (
    <li {...handlers}>
      <span class="path-nodes">
        {nodes.map(({ id, port }, i) => (
          <>
            {i > 0 && <span class="arrow"> → </span>}
            <button type="button" class="link" onClick={() => choose(store, id)}>
              {nodeLabel(id)}
            </button>
            {port !== 'out' && <span class={`port ${port}`}>{port}</span>}
          </>
        ))}
      </span>
      {weakest && (
        <button
          type="button"
          class="link weakest"
          title="The weakest edge of the path"
          onClick={() => choose(store, weakest.id)}
        >
          {formatDrawn(weakest.effect, measure.value)} at {edgeLabel(weakest, nodeLabel)}
        </button>
      )}
    </li>
  );
}
