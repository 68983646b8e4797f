import { Absent } from '../controls/facts.js';

/** Says what the files of the circuit do not hold. */
export function AbsentDetails({ what }: { what: string }) {
  return <Absent what={what} how="It would be in a details.json beside the circuit." />;
}
