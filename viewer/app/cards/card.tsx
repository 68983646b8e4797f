import type { ViewerDocument } from '../../data/document.js';
import { useStore } from '../state/use-store.js';
import { EdgeCard } from './edge-card.js';
import { FeatureCard } from './feature-card.js';
import { GraphOverview } from './graph-overview.js';
import { GroupCard } from './group-card.js';
import { Marked } from './marked.js';
import { NodeCard } from './node-card.js';
import { OverviewCard } from './overview-card.js';

/** Pins and groups, and below them the card of the selected part, or of the whole circuit. */
export function Card() {
  const { current } = useStore();
  const document = current.value;
  if (!document) return null;
  return (
    <>
      <Marked />
      <Selection document={document} />
    </>
  );
}

function Selection({ document }: { document: ViewerDocument }) {
  const { selected } = useStore();
  const what = selected.value;
  switch (what?.kind) {
    case 'node':
      if (!document.circuit) return <FeatureCard key={what.id} graph={document.graph} id={what.id} />;
      return <NodeCard key={what.id} id={what.id} />;
    case 'edge':
      return <EdgeCard key={what.edge.id} edge={what.edge} others={what.others} />;
    case 'group':
      return <GroupCard key={what.name} name={what.name} members={what.members} />;
    case undefined:
      return document.circuit ? <OverviewCard document={document} /> : <GraphOverview document={document} />;
  }
}
