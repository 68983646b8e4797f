import { useMemo } from 'preact/hooks';
import { filterChoices, type FilterChoices } from '../../view/filter-choices.js';
import { defaultScope } from '../../view/pool.js';
import { activeFilters } from '../../view/selection.js';
import { DEFAULT_VIEW } from '../../view/view-state.js';
import { togglePort } from '../actions/limits.js';
import { Check } from '../controls/check.js';
import { Icon } from '../controls/icons.js';
import { Popover } from '../controls/popover.js';
import { useStore } from '../state/use-store.js';

const KIND_NAMES = { input: 'input', head: 'heads', mlp: 'MLPs', logits: 'logits' } as const;

export function FilterMenu() {
  const { view, update } = useStore();
  const count = activeFilters(view.value);
  return (
    <Popover
      label="Filters"
      align="right"
      face={
        <>
          <Icon name="filter" />
          <span class="wide-only">Filters</span>
          {count > 0 && <span class="count">{count}</span>}
        </>
      }
    >
      <Choices />
      <button
        type="button"
        class="button text"
        disabled={count === 0}
        onClick={() => update({ ports: DEFAULT_VIEW.ports, kinds: DEFAULT_VIEW.kinds, layers: DEFAULT_VIEW.layers })}
      >
        Show all ports, nodes and layers
      </button>
    </Popover>
  );
}

/** The filters that do something for what is open. */
function Choices() {
  const { currentCircuit, data } = useStore();
  const choices = useMemo(() => filterChoices(data.value), [data.value]);
  return (
    <>
      {choices.ports.length > 0 && <PortChecks ports={choices.ports} />}
      <KindChecks kinds={choices.kinds} />
      <LayerRange />
      {currentCircuit.value ? (
        <DrawingChecks merges={choices.merges} />
      ) : (
        <p class="quiet">
          An attribution graph has no queries, keys and values, no heads and no MLPs: there is nothing else to filter.
        </p>
      )}
    </>
  );
}

function PortChecks({ ports: offered }: Pick<FilterChoices, 'ports'>) {
  const store = useStore();
  const { viewField } = store;
  const ports = viewField.ports.value;
  return (
    <fieldset>
      <legend>Ports</legend>
      <div class="checks">
        {offered.map((port) => (
          <Check key={port} checked={ports[port]} onChange={() => togglePort(store, port)}>
            <span class={`port ${port}`}>{port}</span>
          </Check>
        ))}
      </div>
    </fieldset>
  );
}

function KindChecks({ kinds: offered }: Pick<FilterChoices, 'kinds'>) {
  const { update, viewField } = useStore();
  const kinds = viewField.kinds.value;
  return (
    <fieldset>
      <legend>Nodes</legend>
      <div class="checks">
        {offered.map((kind) => (
          <Check key={kind} checked={kinds[kind]} onChange={(on) => update({ kinds: { ...kinds, [kind]: on } })}>
            {KIND_NAMES[kind]}
          </Check>
        ))}
      </div>
    </fieldset>
  );
}

function DrawingChecks({ merges }: Pick<FilterChoices, 'merges'>) {
  const { data, pathsOnly, update, viewField } = useStore();
  const scope = viewField.scope.value ?? defaultScope(data.value);
  return (
    <fieldset>
      <legend>Drawing</legend>
      {merges && (
        <Check checked={viewField.mergePorts.value} onChange={(on) => update({ mergePorts: on })} title="M">
          Merge q, k and v of each head
        </Check>
      )}
      <Check checked={viewField.hideUnconnected.value} onChange={(on) => update({ hideUnconnected: on })}>
        Hide nodes without edges
      </Check>
      <Check checked={pathsOnly.value} onChange={(on) => update({ onPaths: on })}>
        Only what lies on a path from input to logits
      </Check>
      <Check checked={scope === 'all'} onChange={(on) => update({ scope: on ? 'all' : 'circuit' })}>
        Include edges that were removed
      </Check>
    </fieldset>
  );
}

function LayerRange() {
  const { data, update, viewField } = useStore();
  const last = Math.max(0, data.value.layers - 1);
  const [from, to] = viewField.layers.value ?? [0, last];
  const set = (low: number, high: number): void =>
    update({ layers: low <= 0 && high >= last ? null : [Math.min(low, high), Math.max(low, high)] });
  const bounded = (value: number, otherwise: number): number =>
    Number.isFinite(value) ? Math.max(0, Math.min(last, Math.round(value))) : otherwise;
  return (
    <fieldset>
      <legend>Layers</legend>
      <div class="range">
        <input
          type="number"
          aria-label="First layer"
          min={0}
          max={last}
          value={from}
          onChange={(event) => set(bounded(event.currentTarget.valueAsNumber, from), to)}
        />
        <span>to</span>
        <input
          type="number"
          aria-label="Last layer"
          min={0}
          max={last}
          value={to}
          onChange={(event) => set(from, bounded(event.currentTarget.valueAsNumber, to))}
        />
        <span class="quiet">of 0 to {last}</span>
      </div>
    </fieldset>
  );
}
