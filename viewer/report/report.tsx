import type { CircuitReport, ReportedMeasure } from '../../src/files/own/report-json.js';
import { formatCount, formatNumber, plural } from '../view/format.js';
import { CurvePlot } from '../plots/curve-plot.js';
import { ScoreCurves } from './score-curves.js';
import { PromptPlot } from './prompt-plot.js';
import { MeasurePlot } from './measure-plot.js';
import { StabilityPlot } from './stability-plot.js';

/** All that was found out about a circuit, or about scores, in the order in which a reader asks. */
export function Report({ report }: { report: CircuitReport }) {
  const { of, measures, curve, curves, stability, per_prompt: perPrompt, draws } = report;
  return (
    <main>
      <header>
        <h1>
          {of.task.name} on {of.model.name}
        </h1>
        <Origin report={report} />
      </header>
      {measures.length > 0 && (
        <section>
          <h2>In plain words</h2>
          <table class="verdicts">
            <tbody>
              {measures.map((measure) => (
                <Verdict key={measure.name} measure={measure} />
              ))}
            </tbody>
          </table>
          <p class="quiet">
            <Sign verdict="good" /> holds up · <Sign verdict="bad" /> does not · <Sign verdict="unknown" /> nothing is
            claimed
          </p>
        </section>
      )}
      {curve && curve.length > 1 && (
        <section>
          <h2>The strongest edges alone</h2>
          <p class="quiet">
            As the circuit's file has it, by the metric that it was measured with. Edges enter from the logits down by
            what each is worth in the circuit. A good circuit rises early, and so does what is lost without it.
          </p>
          <CurvePlot curve={curve} />
        </section>
      )}
      {stability && stability.length > 0 && <StabilityPlot edges={stability} />}
      {curves && <ScoreCurves curves={curves} />}
      {perPrompt && <PromptPlot perPrompt={perPrompt} metric={of.metric} />}
      {measures.length > 0 && (
        <section>
          <h2>Each measure</h2>
          {measures.map((measure) => (
            <Measure key={measure.name} measure={measure} />
          ))}
        </section>
      )}
      {draws && (
        <section>
          <h2>What was drawn</h2>
          <p>
            Seed {draws.seed}: {plural(draws.permutations.length, 'permutation')},{' '}
            {plural(draws.inflations.length, 'inflated circuit')},{' '}
            {plural(draws.random_circuits.length, 'random circuit')}. report.json holds every one of them.{' '}
            <code>evaluate --draws</code> takes them, so that another program can repeat the tests.
          </p>
        </section>
      )}
    </main>
  );
}

function Origin({ report: { of } }: { report: CircuitReport }) {
  const { circuit, scores, prompts, metric, ablation } = of;
  const facts: readonly (readonly [string, string])[] = [
    ...(circuit
      ? ([
          ['Circuit', `${circuit.name}: ${formatCount(circuit.edges)} of ${plural(circuit.total_edges, 'edge')}`],
          ['Found by', circuit.method ?? 'another program'],
        ] as const)
      : []),
    ...(scores ? ([['Scores', scores.name]] as const) : []),
    [
      'Prompts',
      `${formatCount(prompts.count)}${prompts.skip > 0 ? ` after the first ${formatCount(prompts.skip)}` : ''}`,
    ],
    ['Metric', `${metric}, lower is better`],
    ['Ablation', ablation],
    ['Measured by', `Edgewise ${of.engine_version} on ${of.adapter}`],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const SIGNS = {
  good: ['✓', 'holds up'],
  bad: ['✗', 'does not hold up'],
  unknown: ['–', 'nothing is claimed'],
} as const;

function Sign({ verdict }: { verdict: ReportedMeasure['verdict'] }) {
  const [sign, words] = SIGNS[verdict];
  return (
    <span class={`sign ${verdict}`} role="img" aria-label={words}>
      {sign}
    </span>
  );
}

function Verdict({ measure: { name, verdict, sentence, value } }: { measure: ReportedMeasure }) {
  return (
    <tr>
      <td>
        <Sign verdict={verdict} />
      </td>
      <th scope="row">
        <a href={`#${name}`}>{name}</a>
      </th>
      <td>{sentence}</td>
      <td class="number">{value === null ? '' : Number.isInteger(value) ? formatCount(value) : formatNumber(value)}</td>
    </tr>
  );
}

function Measure({ measure }: { measure: ReportedMeasure }) {
  const { name, about, source, verdict, sentence, result } = measure;
  return (
    <article id={name} class="measure">
      <h3>
        <Sign verdict={verdict} /> {name}
      </h3>
      <p class="quiet">
        {about}
        {source && ` (${source})`}
      </p>
      <p>{sentence}</p>
      <MeasurePlot result={result} />
      <details>
        <summary>All numbers</summary>
        <pre>{JSON.stringify(result, null, 1)}</pre>
      </details>
    </article>
  );
}
