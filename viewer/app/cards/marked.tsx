import { hasRun } from '../../attention/patterns.js';
import { choose, hint } from '../actions/choose.js';
import { togglePins, ungroup } from '../actions/marks.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';

/** Pinned nodes and groups as chips. */
export function Marked() {
  const store = useStore();
  const { current, data, dialog, update, viewField, nodeLabel } = store;
  const pinned = viewField.pinned.value.filter((id) => data.value.nodeById.has(id));
  const groups = viewField.groups.value;
  const details = current.value?.details ?? null;
  const hasAttention = details !== null && hasRun(details, pinned, 'clean');
  if (pinned.length === 0 && groups.length === 0) return null;
  return (
    <section class="marked" aria-label="Pinned nodes and groups">
      {pinned.length > 0 && (
        <div class="chips">
          <span class="quiet">Pinned</span>
          {pinned.map((id) => (
            <Chip key={id} name={nodeLabel(id)} node={id} onClose={() => togglePins(store, [id])} closing="Unpin" />
          ))}
          <button type="button" class="button text" title="Group (G)" onClick={() => (dialog.value = 'group')}>
            Group
          </button>
          {hasAttention && (
            <button
              type="button"
              class="button text"
              title="The attention of the pinned heads side by side"
              onClick={() => update({ attention: { ...viewField.attention.peek(), wide: true } })}
            >
              Attention
            </button>
          )}
          <button type="button" class="button text" onClick={() => update({ pinned: [] })}>
            Clear
          </button>
        </div>
      )}
      {groups.length > 0 && (
        <div class="chips">
          <span class="quiet">Groups</span>
          {groups.map(({ name, members }) => (
            <Chip
              key={name}
              name={`${name} (${members.length})`}
              node={members[0] ?? ''}
              onClose={() => ungroup(store, name)}
              closing="Ungroup"
            />
          ))}
        </div>
      )}
    </section>
  );
}

function Chip(props: { name: string; node: string; onClose: () => void; closing: string }) {
  const store = useStore();
  const { displayNodeOf } = store;
  return (
    <span class="chip" onPointerEnter={() => hint(store, props.node)} onPointerLeave={() => hint(store, null)}>
      <button type="button" onClick={() => choose(store, displayNodeOf.peek().get(props.node) ?? props.node)}>
        {props.name}
      </button>
      <button type="button" aria-label={`${props.closing} ${props.name}`} title={props.closing} onClick={props.onClose}>
        <Icon name="close" />
      </button>
    </span>
  );
}
