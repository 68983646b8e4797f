import { choose, hint } from '../actions/choose.js';
import { renameGroup, ungroup } from '../actions/marks.js';
import { AttentionSection } from '../attention/attention-section.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { IncidentLists } from './incident-lists.js';
import { Note } from './note.js';

/** A group: several nodes that the reader drew as one. */
export function GroupCard({ name, members }: { name: string; members: readonly string[] }) {
  const store = useStore();
  const { data, say, nodeLabel } = store;
  const heads = members.filter((id) => data.value.nodeById.get(id)?.kind === 'head');
  return (
    <article class="card" data-testid="group-card">
      <header>
        <h2>
          <input
            class="rename"
            aria-label="Name of the group"
            value={name}
            maxLength={60}
            onChange={(event) => {
              const to = event.currentTarget.value.trim();
              if (to === name) return;
              if (renameGroup(store, name, to)) return;
              say('info', to === '' ? 'A group needs a name.' : `There is a group named ${to} already.`);
              event.currentTarget.value = name;
            }}
          />
        </h2>
        <p class="quiet">group of {members.length} nodes</p>
      </header>
      <dl class="facts">
        <Fact name="Members">
          {members.map((id) => (
            <button
              key={id}
              type="button"
              class="link member"
              onClick={() => choose(store, id)}
              onPointerEnter={() => hint(store, id)}
              onPointerLeave={() => hint(store, null)}
            >
              {nodeLabel(id)}
            </button>
          ))}
        </Fact>
      </dl>
      <button type="button" class="button text" onClick={() => ungroup(store, name)}>
        Ungroup
      </button>
      {heads.length > 0 && <AttentionSection head={null} beside={heads} />}
      <IncidentLists nodes={members} />
      <Note name={name} />
    </article>
  );
}
