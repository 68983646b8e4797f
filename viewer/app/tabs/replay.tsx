import type { TraceStep } from '../../../src/files/own/trace.js';
import { edgeLabel, formatCount, formatEffect, formatNumber } from '../../view/format.js';
import { naturalValue } from '../../view/metric-words.js';
import { decisionAt } from '../../view/replay.js';
import { choose } from '../actions/choose.js';
import { endReplay, jumpToDecision, SPEEDS, stepBy, togglePlay } from '../actions/playback.js';
import { Check } from '../controls/check.js';
import { Fact } from '../controls/facts.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';
import { MetricChart } from './metric-chart.js';

/** Goes through the decisions: buttons, slider, chart, and the decision that is shown. */
export function Replay({ trace }: { trace: readonly TraceStep[] }) {
  const store = useStore();
  const { current, decisions, selected, update, viewField } = store;
  const step = viewField.step.value ?? trace.length;
  const what = selected.value;
  const edge = what?.kind === 'edge' ? what.edge.id : null;
  return (
    <div class="history" data-testid="history">
      <Transport />
      <StepSlider step={step} of={trace.length} />
      <p>
        <b>{formatCount(step)}</b> of {formatCount(trace.length)} decisions
      </p>
      <MetricChart
        trace={trace}
        metric={current.value?.circuit?.provenance?.metric ?? 'metric'}
        step={step}
        onStep={(to) => update({ step: to })}
      />
      <CurrentDecision decision={decisionAt(trace, step)} />
      {edge !== null && decisions.value.has(edge) && (
        <button type="button" class="button text" onClick={() => jumpToDecision(store, edge)}>
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

function Transport() {
  const store = useStore();
  const { playing, speed, viewField } = store;
  const verb = playing.value ? 'Pause' : 'Play';
  return (
    <div class="transport">
      <button type="button" class="button" aria-label="Step back" title="Step back" onClick={() => stepBy(store, -1)}>
        <Icon name="back" />
      </button>
      <button
        type="button"
        class="button primary"
        aria-label={verb}
        title={`${verb} (Space)`}
        onClick={() => togglePlay(store)}
      >
        <Icon name={playing.value ? 'pause' : 'play'} />
      </button>
      <button
        type="button"
        class="button"
        aria-label="Step forward"
        title="Step forward"
        onClick={() => stepBy(store, 1)}
      >
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
        <button type="button" class="button text" onClick={() => endReplay(store)}>
          End replay
        </button>
      )}
    </div>
  );
}

function StepSlider({ step, of }: { step: number; of: number }) {
  const { playing, update } = useStore();
  return (
    <input
      class="replay-slider"
      type="range"
      min={0}
      max={of}
      step={1}
      value={step}
      aria-label="Decisions made"
      aria-valuetext={`${step} of ${of} decisions`}
      style={{ '--at': `${(100 * step) / of}%` }}
      onInput={(event) => {
        playing.value = false;
        update({ step: event.currentTarget.valueAsNumber });
      }}
    />
  );
}

function CurrentDecision({ decision }: { decision: TraceStep | null }) {
  const store = useStore();
  const { current, data, nodeLabel } = store;
  if (!decision) return <BeforeTheFirst />;
  const threshold = current.value?.circuit?.provenance?.threshold ?? null;
  const metric = current.value?.circuit?.provenance?.metric ?? '';
  const edge = data.value.edgeById.get(decision.edge);
  return (
    <section>
      <h3>
        Decision {formatCount(decision.step + 1)}{' '}
        <span class={`verdict ${decision.kept ? 'kept' : 'removed'}`}>{decision.kept ? 'kept' : 'removed'}</span>
      </h3>
      <dl class="facts">
        <Fact name="Edge">
          <button type="button" class="link" onClick={() => choose(store, decision.edge)}>
            {edge ? edgeLabel(edge, nodeLabel) : decision.edge}
          </button>
        </Fact>
        <Fact name="Metric before">{formatNumber(naturalValue(metric, decision.before))}</Fact>
        <Fact name="Without it">{formatNumber(naturalValue(metric, decision.after))}</Fact>
        <Fact name="Effect">
          {formatEffect(decision.after - decision.before)}{' '}
          {threshold !== null && (
            <span class="quiet">
              {decision.kept ? 'not below' : 'below'} the threshold of {threshold}
            </span>
          )}
        </Fact>
      </dl>
    </section>
  );
}

/** All edges are there. Filters may hide some. */
function BeforeTheFirst() {
  const { data, selection } = useStore();
  const [all, drawn] = [data.value.edges.length, selection.value.edges.length];
  return (
    <p class="quiet">
      Before the first decision all {formatCount(all)} edges are there, and none has been measured.
      {drawn < all && ` The filters let ${formatCount(drawn)} of them through.`}
    </p>
  );
}
