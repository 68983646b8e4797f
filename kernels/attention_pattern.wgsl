// p[c, h, r, j] = softmax over visible j of score(q[c, h, i] . k[c, h, j]), inside one prompt, i = rows[r]; else 0
//
// Visible are the keys j <= i, or those of a window (shared/visible_keys.wgsl). A score is the scaled product, or a
// capped one (shared/attention_score.wgsl).
//
// One invocation per query row: no barrier, and a row depends on that row alone. Prompts are padded on the right, so
// the causal mask already hides the padding from every real token. The maximum is subtracted before the exponential.
// The two halves can be made one after the other, with the same bits, so that scores can be read or set in between.
// SCORES makes the scores and, where no softmax follows at once, HIDDEN at invisible keys. SOFTMAX turns the scores
// into the pattern. A score of HIDDEN stands for minus infinity: its weight is 0.
// Shapes: projections [C, T, H + 2 kv_ports, head4] (shared/head_ports.wgsl), pattern [C, H, T, S] (f32). In pattern
// the rows that a head computes come first. Jobs: shared/head_job.wgsl.
// Grid: x covers the most rows of a head, y = heads to compute.
// Sources: windows: Beltagy et al. 2020 (arXiv:2004.05150); capped scores: Gemma 2 (arXiv:2408.00118).
// Checked by test/gpu/kernels.test.ts (attention_pattern).
struct Params {
  tokens: u32,
  sequence: u32,
  heads: u32,
  kv_ports: u32,
  head4: u32,
  jobs_at: u32,
  window: u32,
  scale: f32,
  softcap: f32,
}
override SCORES: bool;
override SOFTMAX: bool;
const HIDDEN = -3.4e38;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> projections: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> pattern: array<f32>;
//#include head_job
//#include head_ports
//#include visible_keys
//#include attention_score

@compute @workgroup_size(64)
fn attention_pattern(@builtin(global_invocation_id) gid: vec3u, @builtin(workgroup_id) wid: vec3u) {
  let job = job_at(wid.y);
  if (gid.x >= job.rows) { return; }
  let row = control[job.rows_at + gid.x];
  let query = row % params.sequence;
  let circuit_head = job.circuit_head;
  let token_stride = ports_of_token() * params.head4;
  let head = circuit_head % params.heads;
  let prompt_at = ((circuit_head / params.heads) * params.tokens + row - query) * token_stride;
  let q_at = prompt_at + query * token_stride + head * params.head4;
  let k_at = prompt_at + key_port(head) * params.head4;
  let out_at = (circuit_head * params.tokens + gid.x) * params.sequence;

  let first = first_key(query);
  var largest = HIDDEN;
  for (var key = first; key <= query; key++) {
    var score = 0.0;
    if (SCORES) {
      let key_at = k_at + key * token_stride;
      for (var c = 0u; c < params.head4; c++) { score += dot(projections[q_at + c], projections[key_at + c]); }
      score = attention_score(score);
      pattern[out_at + key] = score;
    } else {
      score = pattern[out_at + key];
    }
    largest = max(largest, score);
  }
  if (!SOFTMAX) {
    for (var key = 0u; key < first; key++) { pattern[out_at + key] = HIDDEN; }
    for (var key = query + 1u; key < params.sequence; key++) { pattern[out_at + key] = HIDDEN; }
    return;
  }
  var total = 0.0;
  for (var key = first; key <= query; key++) {
    let weight = exp(pattern[out_at + key] - largest);
    pattern[out_at + key] = weight;
    total += weight;
  }
  for (var key = 0u; key < first; key++) { pattern[out_at + key] = 0.0; }
  for (var key = first; key <= query; key++) { pattern[out_at + key] /= total; }
  for (var key = query + 1u; key < params.sequence; key++) { pattern[out_at + key] = 0.0; }
}
