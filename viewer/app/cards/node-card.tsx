import type { CircuitDetails, NodeDetails } from '../../../src/circuit/details.js';
import { tokenWords } from '../../attention/words.js';
import type { NodeRecord } from '../../data/circuit-data.js';
import { effectClass, effectWords, formatEffect, kindName } from '../../view/format.js';
import { readersOf } from '../../view/readers.js';
import { choose } from '../actions/choose.js';
import { AttentionSection } from '../attention/attention-section.js';
import { Fact } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';
import { HeadKindFact, LooksFact, Verdicts } from './head-facts.js';
import { HeadTokensSection } from './head-tokens.js';
import { HowToGet } from './how-to.js';
import { IncidentLists } from './incident-lists.js';
import { LogitsSection } from './logits-section.js';
import { NodeNumbers } from './node-facts.js';
import { Note } from './note.js';
import { PinButton } from './pin-button.js';
import { PromptPicker } from './prompt-picker.js';
import { largestLogit, TokenList } from './token-list.js';

/** Everything that is known of a node of the circuit. */
export function NodeCard({ id }: { id: string }) {
  const store = useStore();
  const { current, data, signKnown, displayNodeOf, viewField } = store;
  const node = data.value.nodeById.get(id);
  if (!node) return null;
  const details = current.value?.details ?? null;
  const measured = details && Object.hasOwn(details.nodes, id) ? details.nodes[id]! : null;
  const pins = viewField.pinned.value;
  const pinnedHeads = pins.filter((other) => data.value.nodeById.get(other)?.kind === 'head');
  const member = viewField.groups.value.find(({ members }) => members.includes(id));
  return (
    <article class="card" data-testid="node-card">
      <header>
        <h2>
          {node.label}
          <PinButton id={id} />
        </h2>
        <p class="quiet">
          {kindName(node)}
          {node.inCircuit ? '' : ' · not in the circuit'}
        </p>
      </header>
      {measured && <Verdicts verdicts={measured.verdicts} />}
      <dl class="facts">
        {node.kind === 'logits' && (
          <Fact name="Sum of effects in">
            <span class={`effect ${effectClass(node.effect, signKnown.value)}`}>{formatEffect(node.effect)}</span>{' '}
            <span class="quiet">{effectWords(node.effect, signKnown.value)}</span>
          </Fact>
        )}
        {measured && details && <NodeNumbers measured={measured} details={details} />}
        {measured && details && node.kind === 'head' && <LooksFact node={node} details={details} />}
        {measured?.detectors && <HeadKindFact detectors={measured.detectors} />}
        {node.kvGroup !== null && <SharedFact node={node} />}
        {member && (
          <Fact name="Group">
            <button type="button" class="link" onClick={() => choose(store, displayNodeOf.peek().get(id) ?? null)}>
              {member.name}
            </button>
          </Fact>
        )}
      </dl>
      {details && measured && (measured.attention || measured.direct) && <PromptPicker details={details} />}
      {node.kind === 'head' && <AttentionSection head={id} beside={pinnedHeads} />}
      {measured && details && <WritesWhereUsed measured={measured} details={details} />}
      {measured && <TopTokens details={measured} />}
      {measured?.ov && <HeadTokensSection ov={measured.ov} />}
      {!details && node.kind !== 'logits' && node.kind !== 'kv' && (
        <HowToGet what="The files of this circuit have no attention patterns and no tokens." />
      )}
      {details && !measured && node.kind !== 'logits' && node.kind !== 'kv' && (
        <p class="absent">
          <strong>Nothing was measured of {node.label}.</strong> The details are of the nodes of the circuit.
        </p>
      )}
      {node.kind === 'logits' && details && <LogitsSection details={details} />}
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
  const related = isHead
    ? data.value.nodes.filter(
        ({ kind, layer, kvGroup }) => kind === 'kv' && layer === node.layer && kvGroup === node.kvGroup,
      )
    : readersOf(data.value, node.id);
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

function TopTokens({ details }: { details: NodeDetails }) {
  const { promotes, suppresses } = details;
  if (promotes.length + suppresses.length === 0) return null;
  const most = largestLogit(promotes, suppresses);
  return (
    <section>
      <h3>
        What it writes <span class="quiet">by itself at the measured token, mean over the prompts, in logits</span>
      </h3>
      <div class="tokens">
        <div>
          <h4>Promotes</h4>
          <TokenList says="Tokens that it promotes" tokens={promotes} most={most} />
        </div>
        <div>
          <h4>Suppresses</h4>
          <TokenList says="Tokens that it suppresses" tokens={suppresses} most={most} />
        </div>
      </div>
    </section>
  );
}

/** The node's output at the token where it is used, if that is another one than the measured token on some prompt. */
function WritesWhereUsed({ measured, details }: { measured: NodeDetails; details: CircuitDetails }) {
  const { shownPrompt } = useStore();
  const { at, writes } = measured;
  const isElsewhere = at?.some((position, n) => position !== details.prompts[n]?.position) ?? false;
  if (!at || !isElsewhere || writes.length === 0) return null;
  const prompt = shownPrompt.value ?? 0;
  const place = at[prompt];
  const tokens = details.prompts[prompt]?.clean ?? [];
  return (
    <section>
      <h3>
        What it writes where it is used <span class="quiet">mean over the prompts, in logits</span>
      </h3>
      <TokenList says="Tokens that it promotes where it is used" tokens={writes} most={largestLogit(writes)} />
      {place !== undefined && (
        <p class="quiet about">
          Most of its output is used at one token; on prompt {prompt + 1} that is {tokenWords(tokens, place)}.
        </p>
      )}
    </section>
  );
}
