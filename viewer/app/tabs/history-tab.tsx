import type { TraceStep } from '../../../src/files/own/trace.js';
import { decisionAt } from '../../view/replay.js';
import { choose, nodeLabel } from '../actions/choose.js';
import { compareWith } from '../actions/comparing.js';
import { jumpToDecision } from '../actions/playback.js';
import { Absent, Fact } from '../controls/facts.js';
import { Check } from '../controls/check.js';
import { edgeLabel, formatCount, formatEffect, formatNumber } from '../../view/format.js';
import { Icon } from '../controls/icons.js';
import { MetricChart } from './metric-chart.js';
import { playing, speed, SPEEDS, stepBy, togglePlay } from '../actions/playback.js';
import { current, data, decisions } from '../state/circuits.js';
import { selected } from '../state/selected.js';
import { update, viewField } from '../state/view.js';

/** The pruning, decision by decision. */
export function HistoryTab() {
  const trace = current.value?.trace;
  if (!trace || trace.length === 0) {
    return (
      <Absent
        what="The order of decisions is not in this file."
        how={
          <>
            Open <code>trace.jsonl</code>, which <code>discover</code> writes beside <code>circuit.json</code>, together
            with the circuit. Methods that score all edges at once have no history.
          </>
        }
      />
    );
  }
  if (viewField.compareWith.value !== null) {
    return (
      <Absent
        what="Two circuits are compared."
        how={
          <button type="button" class="link" onClick={() => compareWith(null)}>
            End the comparison to replay this one
          </button>
        }
      />
    );
  }
  return <Replay trace={trace} />;
}

function Replay({ trace }: { trace: readonly TraceStep[] }) {
  const step = viewField.step.value ?? trace.length;
  const what = selected.value;
  const edge = what?.kind === 'edge' ? what.edge.id : null;
  return (
    <div class="history" data-testid="history">
      <div class="transport">
        <button type="button" class="button" aria-label="Step back" title="Step back" onClick={() => stepBy(-1)}>
          <Icon name="back" />
        </button>
        <button
          type="button"
          class="button primary"
          aria-label={playing.value ? 'Pause' : 'Play'}
          title={`${playing.value ? 'Pause' : 'Play'} (Space)`}
          onClick={togglePlay}
        >
          <Icon name={playing.value ? 'pause' : 'play'} />
        </button>
        <button type="button" class="button" aria-label="Step forward" title="Step forward" onClick={() => stepBy(1)}>
          <Icon name="forward" />
        </button>
        <label class="select">
          <select
            aria-label="Speed"
            value={speed.value}
            onChange={(event) => (speed.value = Number(event.currentTarget.value))}
          >
            {SPEEDS.map((rate) => (
              <option key={rate} value={rate}>
                {rate} / s
              </option>
            ))}
          </select>
        </label>
        <span class="spring" />
        {viewField.step.value !== null && (
          <button
            type="button"
            class="button text"
            onClick={() => {
              playing.value = false;
              update({ step: null });
            }}
          >
            End replay
          </button>
        )}
      </div>
      <input
        class="replay-slider"
        type="range"
        min={0}
        max={trace.length}
        step={1}
        value={step}
        aria-label="Decisions made"
        aria-valuetext={`${step} of ${trace.length} decisions`}
        style={{ '--at': `${(100 * step) / trace.length}%` }}
        onInput={(event) => {
          playing.value = false;
          update({ step: event.currentTarget.valueAsNumber });
        }}
      />
      <p>
        <b>{formatCount(step)}</b> of {formatCount(trace.length)} decisions
      </p>
      <MetricChart trace={trace} step={step} onStep={(to) => update({ step: to })} />
      <CurrentDecision decision={decisionAt(trace, step)} />
      {edge !== null && decisions.value.has(edge) && (
        <button type="button" class="button text" onClick={() => jumpToDecision(edge)}>
          Jump to the decision on {edge}
        </button>
      )}
      <Check
        checked={viewField.scope.value === 'all'}
        onChange={(on) => update({ scope: on ? 'all' : null })}
        title="Removed edges stay in the drawing, dashed"
      >
        Keep removed edges in the drawing
      </Check>
    </div>
  );
}

function CurrentDecision({ decision }: { decision: TraceStep | null }) {
  if (!decision) return <p class="quiet">Before the first decision: every edge is still there.</p>;
  const from = current.value?.circuit.provenance;
  const edge = data.value.edgeById.get(decision.edge);
  const change = decision.after - decision.before;
  return (
    <section>
      <h3>
        Decision {formatCount(decision.step + 1)}{' '}
        <span class={`verdict ${decision.kept ? 'kept' : 'removed'}`}>{decision.kept ? 'kept' : 'removed'}</span>
      </h3>
      <dl class="facts">
        <Fact name="Edge">
          <button type="button" class="link" onClick={() => choose(decision.edge)}>
            {edge ? edgeLabel(edge, nodeLabel) : decision.edge}
          </button>
        </Fact>
        <Fact name="Metric before">{formatNumber(decision.before)}</Fact>
        <Fact name="Without it">{formatNumber(decision.after)}</Fact>
        <Fact name="Effect">
          {formatEffect(change)}{' '}
          {from?.threshold !== null && from?.threshold !== undefined && (
            <span class="quiet">
              {decision.kept ? 'not below' : 'below'} the threshold of {from.threshold}
            </span>
          )}
        </Fact>
      </dl>
    </section>
  );
}
