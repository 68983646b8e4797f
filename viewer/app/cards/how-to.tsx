import { howToMeasure } from '../../data/how-to-measure.js';
import { Absent } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** Says what the file does not hold, and the commands by which the reader gets it, where there are some. */
export function HowToGet({ what }: { what: string }) {
  const { current } = useStore();
  if (!current.value) return null;
  const { text, commands } = howToMeasure(current.value);
  return (
    <>
      <Absent what={what} how={text} />
      {commands.map((command) => (
        <pre key={command} class="command">
          <code>{command}</code>
        </pre>
      ))}
    </>
  );
}
