import { useState } from 'preact/hooks';
import type { EdgeRecord } from '../../data/circuit-data.js';
import { edgeLabel, effectClass, formatPercent } from '../../view/format.js';
import { incidentEdges, type IncidentEdge, type IncidentSide } from '../../view/incident.js';
import { formatDrawn } from '../../view/measure-words.js';
import { choose, hint } from '../actions/choose.js';
import { togglePins } from '../actions/marks.js';
import { useStore } from '../state/use-store.js';

const FIRST = 10;

/** Shown edges into and out of nodes. Edges that help and edges that hurt have a list each, strongest first. */
export function IncidentLists({ nodes }: { nodes: readonly string[] }) {
  const { data, selection } = useStore();
  const { incoming, outgoing } = incidentEdges(data.value, selection.value, nodes);
  return (
    <>
      <Side title="Incoming" side={incoming} end="source" several={nodes.length > 1} />
      <Side title="Outgoing" side={outgoing} end="target" several={nodes.length > 1} />
    </>
  );
}

interface Ends {
  /** The far end of the edges: its node is named. */
  readonly end: 'source' | 'target';
  /** The edges belong to several nodes. Then both ends are named. */
  readonly several: boolean;
}

function Side({ title, side, ...ends }: { title: string; side: IncidentSide } & Ends) {
  const { signKnown } = useStore();
  const count = side.helps.length + side.hurts.length + side.neutral.length;
  const known = signKnown.value;
  return (
    <section class="incident">
      <h3>
        {title} <span class="quiet">{count === 0 ? 'none shown' : count}</span>
      </h3>
      <EdgeList name={known ? 'helps' : 'positive'} title={title} edges={side.helps} {...ends} />
      <EdgeList name={known ? 'hurts' : 'negative'} title={title} edges={side.hurts} {...ends} />
      <EdgeList name="no effect measured" title={title} edges={side.neutral} {...ends} />
    </section>
  );
}

function EdgeList(props: { name: string; title: string; edges: readonly IncidentEdge[] } & Ends) {
  const { signKnown } = useStore();
  const [all, setAll] = useState(false);
  const { name, title, edges, end, several } = props;
  if (edges.length === 0) return null;
  return (
    <>
      <h4 class={effectClass(edges[0]!.edge.effect, signKnown.value)}>
        {name} <span class="quiet">{edges.length}</span>
      </h4>
      <ul class="edge-list" aria-label={`${title}: ${name}`}>
        {edges.slice(0, all ? edges.length : FIRST).map(({ edge, share }) => (
          <li key={edge.id}>
            <EdgeRow edge={edge} share={share} end={end} several={several} />
          </li>
        ))}
      </ul>
      {edges.length > FIRST && (
        <button type="button" class="button text" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${edges.length}`}
        </button>
      )}
    </>
  );
}

function EdgeRow({ edge, share, end, several }: { edge: EdgeRecord; share: number } & Ends) {
  const store = useStore();
  const { measure, signKnown, nodeLabel } = store;
  const far = edge[end];
  return (
    <button
      type="button"
      class={`edge-row ${effectClass(edge.effect, signKnown.value)}`}
      title={`${edgeLabel(edge, nodeLabel)}: ${formatDrawn(edge.effect, measure.value)}, ${formatPercent(share)} of this side. Ctrl-click pins ${nodeLabel(far)}`}
      onPointerEnter={() => hint(store, edge.id)}
      onPointerLeave={() => hint(store, null)}
      onFocus={() => hint(store, edge.id)}
      onBlur={() => hint(store, null)}
      onClick={(event) => (event.ctrlKey || event.metaKey ? togglePins(store, [far]) : choose(store, edge.id))}
    >
      <span class="bar" style={{ width: `${100 * share}%` }} />
      <span class="name">{several ? edgeLabel(edge, nodeLabel) : edge.kind === 'direct' ? 'own' : nodeLabel(far)}</span>
      {!several && edge.port !== 'out' && <span class={`port ${edge.port}`}>{edge.port}</span>}
      <span class="number">{formatDrawn(edge.effect, measure.value)}</span>
      <span class="number quiet">{formatPercent(share)}</span>
    </button>
  );
}
