import { useState } from 'preact/hooks';
import { LEAST_LIKENESS, suggestGroups, type SuggestedGroup } from '../../view/suggest-groups.js';
import { group } from '../actions/marks.js';
import { useLight } from './use-light.js';
import { useStore } from '../state/use-store.js';

const ABOUT =
  'Nodes of one kind whose edges are nearly the same: the sum of the smaller sizes of their edges is at least ' +
  `${LEAST_LIKENESS} of the sum of the larger ones, mean of edges in and out, for every two of them.`;

/** Nodes that could be drawn as one. They are looked for when the section is opened. */
export function SuggestedGroups() {
  const { ownData } = useStore();
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="fold" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Suggested groups</summary>
      {isOpen && <Suggestions groups={suggestGroups(ownData.value)} />}
    </details>
  );
}

function Suggestions({ groups }: { groups: readonly SuggestedGroup[] }) {
  if (groups.length === 0) return <p class="quiet">No two nodes have nearly the same edges.</p>;
  return (
    <>
      <p class="quiet">{ABOUT}</p>
      <ul class="suggestions">
        {groups.map((one) => (
          <Suggestion key={one.members[0]!.id} of={one} />
        ))}
      </ul>
    </>
  );
}

function Suggestion({ of: { members, likeness } }: { of: SuggestedGroup }) {
  const store = useStore();
  const ids = members.map(({ id }) => id);
  const handlers = useLight(ids);
  const labels = members.map(({ label }) => label);
  const isGrouped = ids.some((id) => store.viewField.groups.value.some((one) => one.members.includes(id)));
  return (
    <li {...handlers}>
      <span>{labels.join(', ')}</span> <span class="quiet">likeness {likeness.toFixed(2)}</span>{' '}
      <button
        type="button"
        class="button text"
        disabled={isGrouped}
        onClick={() => group(store, `${labels[0]} and ${labels.length - 1} like it`, ids)}
      >
        Group
      </button>
    </li>
  );
}
