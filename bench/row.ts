/** One line of a report: what was measured, and figures by name. */
export interface Row {
  readonly name: string;
  /** What was measured, where several rows tell of it. */
  readonly work?: string;
  readonly [figure: string]: string | number;
}
