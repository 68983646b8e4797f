import type { CircuitReport } from '../../src/files/own/report-json.js';
import { DotPlot } from '../plots/dot-plot.js';
import { formatNumber } from '../view/format.js';

/** How much worse the circuit does than the whole model on each prompt. A mean hides the prompts that it fails on. */
export function PromptPlot(props: { perPrompt: NonNullable<CircuitReport['per_prompt']>; metric: string }) {
  const { whole, circuit } = props.perPrompt;
  const costs = whole
    .map((value, i) => ({ prompt: i + 1, cost: (circuit[i] ?? NaN) - (value ?? NaN) }))
    .filter(({ cost }) => Number.isFinite(cost))
    .sort((a, b) => a.cost - b.cost);
  return (
    <section>
      <h2>Prompt by prompt</h2>
      <p class="quiet">
        How much worse the circuit does than the whole model, by {props.metric}, from the prompt where it does best to
        the one where it does worst.
      </p>
      <DotPlot
        says={`How much worse the circuit does on each of ${costs.length} prompts`}
        x="prompts"
        y={`${props.metric}, circuit - whole model`}
        dots={costs.map(({ prompt, cost }) => ({ name: `prompt ${prompt}: ${formatNumber(cost)}`, value: cost }))}
        mark={{ name: 'whole model', value: 0 }}
      />
    </section>
  );
}
