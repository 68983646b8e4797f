import type { NodeDetails, TokenLogit } from '../../../src/circuit/details.js';
import type { NodeRecord } from '../../data/circuit-data.js';
import { effectClass, effectWords, formatEffect, kindName, visibleToken } from '../../view/format.js';
import { choose } from '../actions/choose.js';
import { togglePins } from '../actions/marks.js';
import { Fact } from '../controls/facts.js';
import { Icon } from '../controls/icons.js';
import { useStore } from '../state/use-store.js';
import { AttentionSection } from './attention-section.js';
import { HeadKindFact } from './head-facts.js';
import { HeadTokensSection } from './head-tokens.js';
import { HowToGet } from './how-to.js';
import { IncidentLists } from './incident-lists.js';
import { Note } from './note.js';
import { PromptPicker } from './prompt-picker.js';

/** Everything that is known of a node of the circuit. */
export function NodeCard({ id }: { id: string }) {
  const store = useStore();
  const { current, data, signKnown, displayNodeOf, viewField } = store;
  const node = data.value.nodeById.get(id);
  if (!node) return null;
  const details = current.value?.details ?? null;
  const measured = details && Object.hasOwn(details.nodes, id) ? details.nodes[id]! : null;
  const pinned = viewField.pinned.value.includes(id);
  const member = viewField.groups.value.find(({ members }) => members.includes(id));
  return (
    <article class="card" data-testid="node-card">
      <header>
        <h2>
          {node.label}
          <button
            type="button"
            class="button"
            aria-pressed={pinned}
            aria-label={pinned ? 'Unpin' : 'Pin'}
            title={`${pinned ? 'Unpin' : 'Pin'} (P)`}
            onClick={() => togglePins(store, [id])}
          >
            <Icon name="pin" />
          </button>
        </h2>
        <p class="quiet">
          {kindName(node)}
          {node.inCircuit ? '' : ' · not in the circuit'}
        </p>
      </header>
      <dl class="facts">
        <Fact name={node.kind === 'logits' || node.kind === 'kv' ? 'Sum of effects in' : 'Sum of effects out'}>
          <span class={`effect ${effectClass(node.effect, signKnown.value)}`}>{formatEffect(node.effect)}</span>{' '}
          <span class="quiet">{effectWords(node.effect, signKnown.value)}</span>
        </Fact>
        {node.kvGroup !== null && <SharedFact node={node} />}
        {measured?.direct && <DirectEffect direct={measured.direct} />}
        {measured?.detectors && <HeadKindFact detectors={measured.detectors} />}
        {member && (
          <Fact name="Group">
            <button type="button" class="link" onClick={() => choose(store, displayNodeOf.peek().get(id) ?? null)}>
              {member.name}
            </button>
          </Fact>
        )}
      </dl>
      {details && measured && (measured.attention || measured.direct) && <PromptPicker details={details} />}
      {measured?.attention && <AttentionSection name={node.label} attention={measured.attention} />}
      {measured && <TopTokens details={measured} />}
      {measured?.ov && <HeadTokensSection ov={measured.ov} />}
      {!details && node.kind !== 'logits' && node.kind !== 'kv' && (
        <HowToGet what="This file has no attention patterns and no tokens." />
      )}
      <IncidentLists nodes={[id]} />
      <Note name={id} />
    </article>
  );
}

/** Of a head: the key/value head that it reads. Of a key/value head: the heads that read it. */
function SharedFact({ node }: { node: NodeRecord }) {
  const store = useStore();
  const { data } = store;
  const isHead = node.kind === 'head';
  const related = data.value.nodes.filter(
    ({ kind, layer, kvGroup }) => kind === (isHead ? 'kv' : 'head') && layer === node.layer && kvGroup === node.kvGroup,
  );
  return (
    <Fact name={isHead ? 'Keys and values' : 'Read by'}>
      {related.map(({ id, label }, i) => (
        <>
          {i > 0 && ', '}
          <button type="button" class="link" key={id} onClick={() => choose(store, id)}>
            {label}
          </button>
        </>
      ))}
    </Fact>
  );
}

/** The direct effect of a node on the logit difference: on the chosen prompt, or the mean. */
function DirectEffect({ direct }: { direct: readonly number[] }) {
  const { shownPrompt } = useStore();
  const prompt = shownPrompt.value;
  const value = prompt === null ? direct.reduce((sum, one) => sum + one, 0) / direct.length : (direct[prompt] ?? null);
  return (
    <Fact name="Direct effect">
      <span class={`effect ${effectClass(value, true)}`}>{formatEffect(value)}</span>{' '}
      <span class="quiet">on the logit difference, {prompt === null ? 'mean' : `prompt ${prompt + 1}`}</span>
    </Fact>
  );
}

function TopTokens({ details }: { details: NodeDetails }) {
  const { promotes, suppresses } = details;
  if (promotes.length + suppresses.length === 0) return null;
  const most = Math.max(...[...promotes, ...suppresses].map(({ logit }) => Math.abs(logit)), Number.MIN_VALUE);
  return (
    <section class="tokens">
      <TokenList title="Promotes" tokens={promotes} most={most} />
      <TokenList title="Suppresses" tokens={suppresses} most={most} />
    </section>
  );
}

function TokenList({ title, tokens, most }: { title: string; tokens: readonly TokenLogit[]; most: number }) {
  return (
    <div>
      <h3>{title}</h3>
      <ol class="token-list" aria-label={`Tokens: ${title}`}>
        {tokens.map(({ token, logit }, i) => (
          <li key={i} title={`${JSON.stringify(token)}: ${formatEffect(logit)}`}>
            <span class="bar" style={{ width: `${(100 * Math.abs(logit)) / most}%` }} />
            <span class="token">{visibleToken(token)}</span>
            <span class="number">{formatEffect(logit)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
