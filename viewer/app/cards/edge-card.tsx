import type { EdgeRecord } from '../../data/circuit-data.js';
import { edgeLabel, effectClass, effectWords, formatCount, formatEffect, formatNumber } from '../../view/format.js';
import { choose } from '../actions/choose.js';
import { jumpToDecision } from '../actions/playback.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { Note } from './note.js';
import { PromptEffects } from './prompt-effects.js';

/** Everything that is known of an edge. */
export function EdgeCard({ edge, others }: { edge: EdgeRecord; others: readonly EdgeRecord[] }) {
  const { data, signKnown, nodeLabel } = useStore();
  return (
    <article class="card" data-testid="edge-card">
      <header>
        <h2>{edgeLabel(edge, nodeLabel)}</h2>
        <p class="quiet">
          {edge.kind === 'direct' ? 'its own projected input' : 'edge'} · <code>{edge.id}</code>
        </p>
      </header>
      <dl class="facts">
        <Fact name="From">
          <NodeLink id={edge.source} />
        </Fact>
        <Fact name="To">
          <NodeLink id={edge.target} /> {edge.port !== 'out' && <span class={`port ${edge.port}`}>{edge.port}</span>}
        </Fact>
        <Fact name="Effect">
          <span class={`effect ${effectClass(edge.effect, signKnown.value)}`}>{formatEffect(edge.effect)}</span>{' '}
          <span class="quiet">{effectWords(edge.effect, signKnown.value)}</span>
        </Fact>
        {edge.rank !== null && (
          <Fact name="Rank">
            {formatCount(edge.rank)} of {formatCount(data.value.edges.length)}
          </Fact>
        )}
        <Fact name="In the circuit">{edge.pending ? 'not decided on yet' : edge.inCircuit ? 'kept' : 'removed'}</Fact>
        {edge.contrast && (
          <>
            <Fact name="In A">{formatEffect(edge.contrast.a)}</Fact>
            <Fact name="In B">{formatEffect(edge.contrast.b)}</Fact>
          </>
        )}
        <Decision edge={edge} />
      </dl>
      <PerPrompt edge={edge} />
      {others.length > 0 && <DrawnWith edges={others} />}
      <Note name={edge.id} />
    </article>
  );
}

function NodeLink({ id }: { id: string }) {
  const store = useStore();
  const { nodeLabel } = store;
  return (
    <button type="button" class="link" onClick={() => choose(store, id)}>
      {nodeLabel(id)}
    </button>
  );
}

function Decision({ edge }: { edge: EdgeRecord }) {
  const store = useStore();
  const { current, decisions } = store;
  const decision = decisions.value.get(edge.id);
  const step = decision?.step ?? edge.step;
  if (step === null || step < 0) return null;
  const tested =
    current.value?.trace?.length ?? current.value?.circuit?.steps.reduce((n, at) => n + Number(at >= 0), 0);
  return (
    <>
      <Fact name="Decided">
        step {formatCount(step + 1)} of {formatCount(tested ?? 0)}{' '}
        {decision && (
          <button type="button" class="link" onClick={() => jumpToDecision(store, edge.id)}>
            replay
          </button>
        )}
      </Fact>
      {decision && (
        <Fact name="Metric">
          {formatNumber(decision.before)} with it, {formatNumber(decision.after)} without
        </Fact>
      )}
    </>
  );
}

function PerPrompt({ edge }: { edge: EdgeRecord }) {
  const { current } = useStore();
  const details = current.value?.details;
  if (!details || !Object.hasOwn(details.edges, edge.id)) return null;
  return <PromptEffects effects={details.edges[edge.id]!} prompts={details.prompts} />;
}

function DrawnWith({ edges }: { edges: readonly EdgeRecord[] }) {
  const store = useStore();
  const { signKnown, nodeLabel } = store;
  return (
    <section>
      <h3>
        Drawn as one with <span class="quiet">{edges.length}</span>
      </h3>
      <ul class="edge-list">
        {edges.map((edge) => (
          <li key={edge.id}>
            <button
              type="button"
              class={`edge-row ${effectClass(edge.effect, signKnown.value)}`}
              onClick={() => choose(store, edge.id)}
            >
              <span class="name">{edgeLabel(edge, nodeLabel)}</span>
              <span class="number">{formatEffect(edge.effect)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
