import { writeDetails } from '../../src/files/index.js';
import { sampleDetails } from './sample-details.js';

interface HeadJson {
  attention_1e4: number[][];
  attention_corrupted_1e4?: unknown[][];
  at?: unknown[];
  looks?: Record<string, unknown>[];
  verdicts?: Record<string, unknown>[];
  writes?: unknown;
  answer_rank?: unknown[];
  in_circuit?: unknown[];
  direct: unknown[];
  detectors?: { previous_token: { mul: unknown; exclude_bos_and_current?: object } } | null;
  ov?: { words: unknown; copying: { top1_is_self: unknown }; tokens: { promotes: unknown }[] } | null;
}

interface DetailsJson {
  schema_version: number;
  of: { kept_edges: unknown };
  prompts?: {
    clean: unknown[];
    corrupted: unknown[];
    position: number;
    top?: Record<string, unknown>[];
    probability?: Record<string, unknown>;
  }[];
  nodes: Record<'a1.h0' | 'm1', HeadJson>;
  rest: { constants: number[] } | null;
  edges: Record<string, unknown[]>;
  in_circuit: Record<string, unknown[]>;
  reads?: Record<string, { query: number; kept_1e4: number[]; cut_1e4: number[] }[][]>;
  written_through?: Record<string, unknown>;
  curve?: { edges: number; faithfulness: unknown }[];
}

/** The sample's file with a change of its JSON. */
export function changedDetails(change: (file: DetailsJson) => void): string {
  const file = JSON.parse(writeDetails(sampleDetails())) as DetailsJson;
  change(file);
  return JSON.stringify(file);
}
