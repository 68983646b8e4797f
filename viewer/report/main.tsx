import { render } from 'preact';
import { parseReport } from '../../src/files/own/report-json.js';
import { Report } from './report.js';

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const follow = (): void => void (document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light');
dark.addEventListener('change', follow);
follow();

const root = document.getElementById('report')!;
try {
  const report = parseReport(document.getElementById('edgewise-report')!.textContent, 'report.json');
  document.title = `Edgewise report: ${report.of.task.name} on ${report.of.model.name}`;
  render(<Report report={report} />, root);
} catch (error) {
  render(<p role="alert">{error instanceof Error ? error.message : String(error)}</p>, root);
}
