import type { EdgeRecord } from '../../data/circuit-data.js';
import { cutBefore, liesOnPath, promptNumbers } from '../../view/edge-worth.js';
import { edgeLabel, effectClass, formatCount, formatEffect, formatNumber } from '../../view/format.js';
import { confidenceWords, edgeNumbers, formatDrawn } from '../../view/measure-words.js';
import { naturalValue } from '../../view/metric-words.js';
import { choose } from '../actions/choose.js';
import { jumpToDecision } from '../actions/playback.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { HowToGet } from './how-to.js';
import { EdgeRead } from './edge-read.js';
import { EdgeWritten } from './edge-written.js';
import { Note } from './note.js';
import { PromptEffects } from './prompt-effects.js';

/** What goes over an edge, where it is read, and what that is worth. */
export function EdgeCard({ edge, others }: { edge: EdgeRecord; others: readonly EdgeRecord[] }) {
  const { current, data, nodeLabel } = useStore();
  const details = current.value?.details ?? null;
  const numbers = details ? promptNumbers(details, edge.id) : [];
  return (
    <article class="card" data-testid="edge-card">
      <header>
        <h2>{edgeLabel(edge, nodeLabel)}</h2>
        <p class="quiet">
          {edge.kind === 'direct' ? 'its own projected input' : 'edge'} · <code>{edge.id}</code>
        </p>
      </header>
      <CarriesNothing edge={edge} />
      <dl class="facts">
        <Fact name="From">
          <NodeLink id={edge.source} />
        </Fact>
        <Fact name="To">
          <NodeLink id={edge.target} /> {edge.port !== 'out' && <span class={`port ${edge.port}`}>{edge.port}</span>}
        </Fact>
        {current.value?.circuit && (
          <Fact name="Part of the circuit">
            {edge.pending ? 'not decided on yet' : edge.inCircuit ? 'yes' : 'no, removed'}
          </Fact>
        )}
        <Worth edge={edge} />
        {edge.rank !== null && (
          <Fact name="Rank">
            {formatCount(edge.rank)} of {formatCount(data.value.edges.length)}
          </Fact>
        )}
        {edge.contrast && (
          <>
            <Fact name="In A">{formatEffect(edge.contrast.a)}</Fact>
            <Fact name="In B">{formatEffect(edge.contrast.b)}</Fact>
          </>
        )}
        <Decision edge={edge} />
      </dl>
      {details ? (
        <>
          <EdgeWritten edge={edge} details={details} />
          <EdgeRead edge={edge} details={details} />
          {numbers.length > 0 && <PromptEffects numbers={numbers} details={details} />}
        </>
      ) : (
        <HowToGet what="The files of this circuit do not say what goes over this edge." />
      )}
      {others.length > 0 && <DrawnWith edges={others} />}
      <Note name={edge.id} />
    </article>
  );
}

/** An edge of the circuit that nothing of the prompt goes over. */
function CarriesNothing({ edge }: { edge: EdgeRecord }) {
  const { current, ownData } = useStore();
  if (!current.value?.circuit || !edge.inCircuit || edge.pending || edge.contrast) return null;
  const isOff = !liesOnPath(ownData.value, edge);
  if (!edge.idle && !isOff) return null;
  return (
    <p class="warning" data-testid="carries-nothing">
      {edge.idle
        ? 'This edge carries nothing in the circuit: cutting it changes the metric on no prompt.'
        : 'Nothing of the prompt goes over this edge to the logits.'}
      {isOff && ' It lies on no path from the input to the logits.'}
    </p>
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

/** Its numbers: in the circuit, when it was decided on, and how often searches find it. */
function Worth({ edge }: { edge: EdgeRecord }) {
  const { current, viewField } = useStore();
  const circuit = current.value?.circuit;
  if (!circuit) return <Fact name="Weight">{formatEffect(edge.effect)}</Fact>;
  const decisions = current.value?.trace?.length ?? null;
  const numbers = edgeNumbers(circuit, edge, decisions, viewField.sign.value);
  const confidence = confidenceWords(circuit, edge.id);
  return (
    <>
      {numbers.length === 0 && <Fact name="Effect">not measured</Fact>}
      {numbers.map(({ name, value, words, signKnown }) => (
        <Fact key={name} name={name}>
          <span class={`effect ${effectClass(value, signKnown)}`}>{formatEffect(value)}</span>{' '}
          <span class="quiet">{words}</span>
        </Fact>
      ))}
      {confidence && <Fact name="Confidence">{confidence}</Fact>}
    </>
  );
}

function Decision({ edge }: { edge: EdgeRecord }) {
  const store = useStore();
  const { current, decisions } = store;
  const document = current.value;
  const decision = decisions.value.get(edge.id);
  if (!document || !decision) return null;
  const before = cutBefore(document.trace, edge.id);
  const metric = document.circuit?.provenance?.metric ?? '';
  return (
    <>
      <Fact name="Decision">
        {before}{' '}
        <button type="button" class="link" onClick={() => jumpToDecision(store, edge.id)}>
          replay
        </button>
      </Fact>
      <Fact name="Metric then">
        {formatNumber(naturalValue(metric, decision.before))} with it,{' '}
        {formatNumber(naturalValue(metric, decision.after))} without
      </Fact>
    </>
  );
}

function DrawnWith({ edges }: { edges: readonly EdgeRecord[] }) {
  const store = useStore();
  const { measure, signKnown, nodeLabel } = store;
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
              <span class="number">{formatDrawn(edge.effect, measure.value)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
