import { howToMeasure } from '../../data/how-to-measure.js';
import { Absent } from '../controls/facts.js';
import { useStore } from '../state/use-store.js';

/** Says what the files of the shown document do not hold, and how it can be had. */
export function AbsentDetails({ what }: { what: string }) {
  const { current } = useStore();
  if (!current.value) return null;
  const { text, commands } = howToMeasure(current.value);
  return (
    <Absent
      what={what}
      how={
        <>
          {text}
          {commands.map((command) => (
            <code key={command} class="command">
              {command}
            </code>
          ))}
        </>
      }
    />
  );
}
